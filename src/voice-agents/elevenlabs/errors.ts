import { VendorError, type VendorFailure } from '../../voices/ports.ts'

/*
 * ElevenLabs' refusals in the words of this product: the status and the code in the body decide (docs
 * eleven-api/resources/errors, and what endpoints were seen to answer).
 */

/** Codes say more than the status, which differs between endpoints and over time. */
const FAILURE_OF_CODE = new Map<string, VendorFailure>([
  ['voice_limit_reached', 'slots_full'],
  ['max_voice_limit_reached', 'slots_full'],
  ['voice_add_edit_limit_reached', 'quota_exceeded'],
  ['quota_exceeded', 'quota_exceeded'],
  ['insufficient_credits', 'quota_exceeded'],
  ['max_character_limit_exceeded', 'rejected'],
  ['invalid_api_key', 'unauthorized'],
  ['missing_permissions', 'unauthorized'],
  ['can_not_use_instant_voice_cloning', 'unauthorized'],
  ['too_many_concurrent_requests', 'rate_limited'],
  ['concurrent_limit_exceeded', 'rate_limited'],
  ['system_busy', 'rate_limited'],
])

const FAILURE_OF_STATUS = new Map<number, VendorFailure>([
  [401, 'unauthorized'],
  [402, 'unauthorized'],
  [403, 'unauthorized'],
  [408, 'unavailable'],
  [425, 'unavailable'],
  [429, 'rate_limited'],
])

/** An answer that is not 2xx. */
export class ElevenLabsRefusal extends VendorError {
  readonly status: number
  /** The vendor's words for it, as in `voice_not_found`, the newer first; empty when it gave none. */
  readonly codes: readonly string[]
  /** What the vendor says to people. */
  readonly reason: string | null
  /** A web page with the same status comes from something in between. */
  readonly isTheVendorsOwn: boolean

  constructor(answer: Pick<Response, 'status' | 'headers'>, body: unknown) {
    const { status, headers } = answer
    const { codes, message } = detailOf(body)
    const says = [codes[0], message].filter(Boolean).join(': ') || 'no reason given'
    const retryAfterMs = retryAfter(headers.get('retry-after'))
    super(failureOf(status, codes), `ElevenLabs answered ${status} (${says}).`, { retryAfterMs })
    this.name = 'ElevenLabsRefusal'
    this.status = status
    this.codes = codes
    this.reason = message
    this.isTheVendorsOwn = isRecord(body)
  }
}

/** `body` is the parsed JSON, or null where there was none. */
export const refusal = (answer: Pick<Response, 'status' | 'headers'>, body: unknown): VendorError =>
  new ElevenLabsRefusal(answer, body)

export function vendorError(error: unknown): VendorError {
  if (error instanceof VendorError) return error
  return new VendorError('unavailable', 'ElevenLabs could not be reached, or broke off.', { cause: error })
}

/** Whether the same request would be refused again a moment later; what stands before the vendor may think better of it. */
export const isPermanent = (error: unknown): boolean =>
  error instanceof VendorError &&
  ['unauthorized', 'rejected', 'quota_exceeded'].includes(error.failure) &&
  !(error instanceof ElevenLabsRefusal && !error.isTheVendorsOwn)

/** Whether this is the vendor's word that it has no such voice: 404, or a code of its own with 400. */
export function isUnknownVoice(error: unknown): boolean {
  if (!(error instanceof ElevenLabsRefusal) || !error.isTheVendorsOwn) return false
  return error.status === 404 || error.codes.some((code) => UNKNOWN_VOICE.has(code))
}

const UNKNOWN_VOICE: ReadonlySet<string> = new Set(['voice_not_found', 'voice_does_not_exist'])

/** A success that is no answer, such as a page of HTML with status 200, is the vendor's fault and may pass. */
function failureOf(status: number, codes: string[]): VendorFailure {
  const known = codes.map((code) => FAILURE_OF_CODE.get(code)).find((failure) => failure !== undefined)
  const isOurs = status >= 400 && status < 500
  return known ?? FAILURE_OF_STATUS.get(status) ?? (isOurs ? 'rejected' : 'unavailable')
}

/** Seconds or a date (RFC 9110, section 10.2.3), in milliseconds from now; null when it is neither. */
export function retryAfter(header: string | null | undefined, now = Date.now()): number | null {
  if (!header) return null
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1000
  const at = /^[A-Z][a-z]+,? /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

const LONGEST_MESSAGE = 300

/** The newer body names a `code`, the older a `status`, some both; 422 lists fields; some answers are plain text. */
function detailOf(body: unknown): { codes: string[]; message: string | null } {
  const detail = isRecord(body) ? body.detail : null
  if (typeof detail === 'string') return { codes: [], message: detail.slice(0, LONGEST_MESSAGE) }
  if (Array.isArray(detail)) return { codes: [], message: JSON.stringify(detail).slice(0, LONGEST_MESSAGE) }
  if (!isRecord(detail)) return { codes: [], message: null }
  const { code, status, message } = detail
  return {
    codes: [code, status].filter((value) => typeof value === 'string').map((text) => text.slice(0, 64)),
    message: typeof message === 'string' ? message.slice(0, LONGEST_MESSAGE) : null,
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
