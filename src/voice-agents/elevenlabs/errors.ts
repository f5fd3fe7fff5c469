import { ElevenLabsError, ElevenLabsTimeoutError } from '@elevenlabs/elevenlabs-js'
import { VendorError, type VendorFailure } from '../../voices/ports.ts'

/*
 * ElevenLabs' refusals in the words of this product. The SDK has a class for some statuses of some endpoints only, so
 * the status and the code in the body decide (docs eleven-api/resources/errors and what endpoints were seen to answer).
 */

/** Codes say more than the status, which differs between endpoints and over time. */
const FAILURE_OF_CODE: Record<string, VendorFailure> = {
  voice_limit_reached: 'slots_full',
  voice_add_edit_limit_reached: 'quota_exceeded',
  quota_exceeded: 'quota_exceeded',
  max_character_limit_exceeded: 'rejected',
  invalid_api_key: 'unauthorized',
  missing_permissions: 'unauthorized',
  can_not_use_instant_voice_cloning: 'unauthorized',
  too_many_concurrent_requests: 'rate_limited',
  concurrent_limit_exceeded: 'rate_limited',
  system_busy: 'rate_limited',
}

const FAILURE_OF_STATUS: Record<number, VendorFailure> = {
  401: 'unauthorized',
  402: 'unauthorized',
  403: 'unauthorized',
  408: 'unavailable',
  425: 'unavailable',
  429: 'rate_limited',
}

export function vendorError(error: unknown): VendorError {
  if (error instanceof VendorError) return error
  if (error instanceof ElevenLabsTimeoutError) {
    return new VendorError('unavailable', 'ElevenLabs did not answer in time.', { cause: error })
  }
  const status = error instanceof ElevenLabsError ? error.statusCode : undefined
  if (!(error instanceof ElevenLabsError) || status === undefined) {
    return new VendorError('unavailable', 'ElevenLabs could not be reached, or answered nonsense.', {
      cause: error,
    })
  }
  const { code, message } = detailOf(error.body)
  const failure = (code && FAILURE_OF_CODE[code]) || FAILURE_OF_STATUS[status] || failureOfClass(status)
  const retryAfterMs = retryAfter(error.rawResponse?.headers.get('retry-after'))
  const says = [code, message].filter(Boolean).join(': ') || 'no reason given'
  return new VendorError(failure, `ElevenLabs answered ${status} (${says}).`, { retryAfterMs, cause: error })
}

/** A success that is no answer, such as a page of HTML with status 200, is the vendor's fault and may pass. */
function failureOfClass(status: number): VendorFailure {
  return status >= 400 && status < 500 ? 'rejected' : 'unavailable'
}

/** Seconds or a date (RFC 9110, section 10.2.3), in milliseconds from now; null when it is neither. */
export function retryAfter(header: string | null | undefined, now = Date.now()): number | null {
  if (!header) return null
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1000
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}

const LONGEST_MESSAGE = 300

/** The newer body names a `code`, the older a `status`; 422 lists fields; some answers are plain text. */
function detailOf(body: unknown): { code: string | null; message: string | null } {
  const detail = isRecord(body) ? body.detail : null
  if (typeof detail === 'string') return { code: null, message: detail.slice(0, LONGEST_MESSAGE) }
  if (Array.isArray(detail)) return { code: null, message: JSON.stringify(detail).slice(0, LONGEST_MESSAGE) }
  if (!isRecord(detail)) return { code: null, message: null }
  const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, LONGEST_MESSAGE) : null)
  return { code: text(detail.code) ?? text(detail.status), message: text(detail.message) }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
