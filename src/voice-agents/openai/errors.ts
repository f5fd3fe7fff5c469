import { z } from 'zod'
import { vendorWords } from '../../voices/ports.ts'
import { parseJson } from '../parse-json.ts'
import type { RefusedUpgrade } from '../refused-upgrade.ts'

/*
 * OpenAI's errors in the words of this product (https://developers.openai.com/api/docs/guides/error-codes, and what the Realtime
 * API was seen to answer). A code says more than the status, and stands in `code` or, with older endpoints, in `type` alone.
 */

/** Why a conversation cannot be had, or cannot go on. */
export type OpenAiLoss = { cause: string; detail: string | null; isPermanent: boolean }

/** The same would be refused again a moment later. */
const PERMANENT = new Set([
  'invalid_api_key',
  'incorrect_api_key',
  'authentication_error',
  'account_deactivated',
  'insufficient_quota',
  'billing_not_active',
  'billing_hard_limit_reached',
  'model_not_found',
  'invalid_model',
  'unsupported_model',
  'permission_denied',
  'insufficient_permissions',
  'unsupported_country_region_territory',
])

/** These end a conversation, and are no fault of ours. */
const FATAL = new Set(['session_expired', ...PERMANENT])

/** A slug, fit for logs and metrics. */
const slug = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .nullish()
  .catch(null)
const words = z.string().nullish().catch(null)

export const apiErrorSchema = z.object({
  type: slug,
  code: slug,
  message: words,
  param: words,
  event_id: words,
})
export type ApiError = z.output<typeof apiErrorSchema>

export const isFatal = ({ code }: ApiError): boolean => FATAL.has(code ?? '')

export function lossBy(error: ApiError): OpenAiLoss {
  const { type, code, message } = error
  return {
    cause: code ?? type ?? 'error',
    detail: vendorWords([code, message].filter(Boolean).join(': ')),
    isPermanent: PERMANENT.has(code ?? type ?? ''),
  }
}

/** An upgrade that was answered with this status instead; what stands before the vendor may answer anything. */
export function lossByRefusal(statusCode: number, { status, body }: RefusedUpgrade): OpenAiLoss {
  const { data } = z.object({ error: apiErrorSchema }).safeParse(parseJson(body))
  const said = data ? [data.error.code ?? data.error.type, data.error.message] : [body]
  return {
    cause: `http_${statusCode}`,
    detail: vendorWords([status, ...said].filter(Boolean).join(': ')),
    isPermanent: data !== undefined && (isRefusal(statusCode) || lossBy(data.error).isPermanent),
  }
}

const isRefusal = (statusCode: number): boolean => [400, 401, 403, 404].includes(statusCode)
