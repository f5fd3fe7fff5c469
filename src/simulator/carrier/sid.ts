import { randomBytes } from 'node:crypto'

/** A new identifier in Twilio's form: two letters for the kind of thing, then 32 hexadecimal digits. */
export function newSid(kind: 'CA' | 'MZ' | 'PN' | 'AC'): string {
  return kind + randomBytes(16).toString('hex')
}
