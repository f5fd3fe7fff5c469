import { randomInt } from 'node:crypto'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz'

function pick(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

/** Twenty letters and digits, as the vendor's voices are named. */
export function newVoiceId(): string {
  return pick(ALPHABET, 20)
}

export function newConversationId(): string {
  return `conv_${pick(BASE32, 26)}`
}

export function newSignature(): string {
  return `cvtkn_${pick(BASE32, 40)}`
}
