import { areForkRates, type ForkRates, forkRatesFor } from './fork-rates.ts'

/*
 * What FreeSWITCH is given for the relay when a fork begins, and what it later sends into it. Both pass through
 * FreeSWITCH's own commands, which strip quotes and backslashes and split at `|`, so they travel as base64url.
 */

/** How agent audio goes back: into the same socket as it comes, or as files that are played one after another. */
export type AudioReturn = 'stream' | 'files'

export type StreamStart = { providerCallId: string; token: string; audio: AudioReturn; rates: ForkRates }

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

export const startMetadata = (start: StreamStart): string => encode(start)

export const digitText = (digit: string): string => encode({ digit })

/** The caller has put the call on hold, or takes it up again. */
export const holdText = (isOnHold: boolean): string => encode({ isOnHold })

/** What a relay says into the fork when the conversation is over and its call cannot be told. */
const OVER = 'agent_ended'

/** For the relay to send; the module tells whoever holds the leg, in the same event as of a closed socket. */
export const OVER_MESSAGE = Buffer.from(JSON.stringify({ type: 'disconnect', data: { reason: OVER } }))

/** Whether this is what the event of the message above brings. */
export const saysOver = (said: unknown): boolean =>
  typeof said === 'object' && said !== null && (said as { reason?: unknown }).reason === OVER

export type StreamText = { start: StreamStart } | { digit: string } | { isOnHold: boolean } | null

/** Null for what none of ours is. */
export function readStreamText(text: string): StreamText {
  // A leg that is held by an older version says nothing of rates.
  const { providerCallId, token, audio, rates = forkRatesFor(null), digit, isOnHold } = decoded(text)
  if (typeof digit === 'string') return { digit }
  if (typeof isOnHold === 'boolean') return { isOnHold }
  if (typeof providerCallId !== 'string' || typeof token !== 'string') return null
  if ((audio !== 'stream' && audio !== 'files') || !areForkRates(rates)) return null
  return { start: { providerCallId, token, audio, rates } }
}

function decoded(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
