import type { ErrorRequestHandler } from 'express'
import { MulterError } from 'multer'
import type { ZodError } from 'zod'

/*
 * The two bodies in which the vendor refuses a request: `detail` is an object with a code, or, for a request of the
 * wrong form (422), a list with one entry for each wrong field.
 */

/** The `type` that goes with each status; the vendor's documentation, "API errors". */
const TYPE_OF_STATUS: Record<number, string> = {
  400: 'validation_error',
  401: 'authentication_error',
  403: 'authorization_error',
  404: 'not_found',
  429: 'rate_limit_error',
}

/** A request that the vendor understood and refuses. */
export class VendorError extends Error {
  readonly status: number
  readonly code: string
  readonly param: string | undefined

  constructor(status: number, code: string, message: string, param?: string) {
    super(message)
    this.status = status
    this.code = code
    this.param = param
  }

  body(requestId: string): unknown {
    const { code, message, param } = this
    const type = TYPE_OF_STATUS[this.status] ?? 'internal_error'
    return { detail: { type, code, message, status: code, request_id: requestId, param } }
  }
}

export type WrongField = { loc: (string | number)[]; msg: string; type: string }

/** A request of the wrong form: fields missing or of the wrong type. */
export class UnprocessableRequest extends Error {
  readonly fields: WrongField[]

  constructor(fields: WrongField[]) {
    super(fields.map((field) => `${field.loc.join('.')}: ${field.msg}`).join('; '))
    this.fields = fields
  }

  static missing(...names: string[]): UnprocessableRequest {
    return new UnprocessableRequest(
      names.map((name) => ({ loc: ['body', name], msg: 'Field required', type: 'missing' })),
    )
  }

  static fromZod(error: ZodError): UnprocessableRequest {
    return new UnprocessableRequest(
      error.issues.map((issue) => ({
        loc: ['body', ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))],
        msg: issue.message,
        type: issue.code,
      })),
    )
  }
}

export const answerVendorError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error)
  if (error instanceof UnprocessableRequest) return void response.status(422).json({ detail: error.fields })
  const refusal = asVendorError(error)
  response.status(refusal.status).json(refusal.body(String(response.getHeader('x-request-id'))))
}

function asVendorError(error: unknown): VendorError {
  if (error instanceof VendorError) return error
  if (error instanceof MulterError) return new VendorError(400, 'invalid_file', error.message, error.field)
  if (hasStatus(error)) return new VendorError(error.status, 'invalid_request', error.message)
  return new VendorError(500, 'internal_error', error instanceof Error ? error.message : String(error))
}

/** What Express's own body parsers throw. */
function hasStatus(error: unknown): error is Error & { status: number } {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
}
