import type { Logger } from 'pino'
import { maskNumber } from './log.ts'

/*
 * Nothing of ours prints to the console, but drachtio-srf and drachtio-fsmrf do: in words of their own among lines of JSON,
 * and with whole SIP messages that they could not read, callers' numbers and proofs of passwords among them.
 */

/** What stands on later lines, or after so many letters, is quoted. */
const LONGEST = 160

const METHODS = { error: 'warn', warn: 'warn', info: 'debug', log: 'debug' } as const

/** From now on what is printed in this process goes into the log, one line each, without what it quotes. */
export function logWhatLibrariesPrint(
  log: Logger,
  target: Pick<Console, keyof typeof METHODS> = console,
): void {
  for (const [method, level] of Object.entries(METHODS) as [keyof typeof METHODS, 'warn' | 'debug'][]) {
    target[method] = (...words: unknown[]) =>
      log[level]({ printed: words.map(briefly).join(' ') }, 'a library printed something')
  }
}

function briefly(word: unknown): string {
  const text = word instanceof Error ? word.message : String(word)
  const [line = ''] = text.split(/[\r\n]/, 1)
  return line.slice(0, LONGEST).replace(/\+?\d{7,}/g, maskNumber)
}
