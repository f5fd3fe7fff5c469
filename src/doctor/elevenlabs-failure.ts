import { ElevenLabsRefusal } from '../voice-agents/elevenlabs/errors.ts'
import { type Finding, fail } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'

const MISSING_PERMISSIONS = 'missing_permissions'
const KEYS_PAGE = 'elevenlabs.io → Developers → API Keys'

/** What it means that a request to ElevenLabs failed, whatever was asked. */
export function elevenLabsFailure(name: string, error: unknown, baseUrl: string): Finding {
  if (error instanceof ElevenLabsRefusal) return refused(name, error)
  const { cause, message } = error as Error
  if (cause === undefined) return fail(name, message, 'correct ELEVENLABS_BASE_URL, or leave it out')
  return fail(
    name,
    `${baseUrl} cannot be reached: ${unreachableBecause(cause)}`,
    'let this machine reach it (firewall, proxy, DNS), or correct ELEVENLABS_BASE_URL',
  )
}

function refused(name: string, { status, codes: [code], reason }: ElevenLabsRefusal): Finding {
  const found = `ElevenLabs answers ${[status, code].filter(Boolean).join(' ')}: ${reason ?? 'no reason given'}`
  if (code === MISSING_PERMISSIONS || status === 403) {
    return fail(name, found, `give the key the permissions User, Voices and ElevenLabs Agents (${KEYS_PAGE})`)
  }
  if (status === 401) return fail(name, found, `set ELEVENLABS_API_KEY to a valid key (${KEYS_PAGE})`)
  return fail(name, found, 'try again later (status.elevenlabs.io), or correct ELEVENLABS_BASE_URL')
}

/** The failure in the vendor's own words, where it gave any. */
export const inVendorsWords = (error: unknown): unknown =>
  error instanceof ElevenLabsRefusal && error.reason !== null
    ? new Error(error.reason, { cause: error })
    : error

/** The key is good for something else: an account may hand out keys with few rights. */
export const mayNotAsk = (error: unknown): boolean =>
  error instanceof ElevenLabsRefusal && error.codes[0] === MISSING_PERMISSIONS

/** Says that the account has no such thing, as against not saying anything of use. */
export const isNotFound = (error: unknown): boolean =>
  error instanceof ElevenLabsRefusal && [400, 404, 422].includes(error.status)
