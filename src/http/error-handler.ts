import type { ErrorRequestHandler, RequestHandler } from 'express'
import { MulterError } from 'multer'
import type { Logger } from 'pino'
import { HttpProblem, sendProblem } from '../problem/problem.ts'

export type ErrorHandlerOptions = {
  log: Logger
  /** Counts a request that was refused, by the kind of fault it had. */
  onRejected: (reason: string) => void
}

const REASONS: Record<number, string> = {
  400: 'malformed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  413: 'too_large',
  415: 'unsupported_type',
  422: 'invalid',
  429: 'too_many',
  503: 'unavailable',
}

/** The one place where a failed request is answered. It comes last in the app. */
export function errorHandler({ log, onRejected }: ErrorHandlerOptions): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    // Who has hung up reads no answer, and is no fault of ours.
    if (req.socket.destroyed && isHangUp(error)) return void onRejected('aborted')
    const problem = toProblem(error)
    if (problem.status === 500) {
      // The route's pattern and never its URL, in which callers' numbers stand.
      log.error({ err: error, method: req.method, route: req.route?.path }, 'a request failed')
    } else {
      onRejected(REASONS[problem.status] ?? 'refused')
    }
    // Express closes the connection of an answer that had begun; that tells the client that it is not whole.
    if (res.headersSent) return next(error)
    sendProblem(res, problem)
  }
}

/** The last handler before the errors: nothing here answers this path. */
export const notFound: RequestHandler = () => {
  throw new HttpProblem(404, 'There is nothing at this path.')
}

function toProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error
  if (error instanceof MulterError) return uploadProblem(error)
  if (isClientError(error)) return new HttpProblem(error.status, clientDetail(error), { cause: error })
  return new HttpProblem(500, 'Something went wrong on our side; the log says what.', { cause: error })
}

const HANG_UPS: readonly unknown[] = ['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']

const isHangUp = (error: unknown): boolean => HANG_UPS.includes((error as { code?: unknown } | null)?.code)

type ClientError = Error & { status: number; type?: string; limit?: number; expose?: boolean }

/** Express, its router and its body parsers raise `http-errors`, which say whether they may be shown. */
function isClientError(error: unknown): error is ClientError {
  if (!(error instanceof Error) || !('status' in error)) return false
  return typeof error.status === 'number' && error.status >= 400 && error.status < 500
}

/** The `type` of a body parser's error: https://github.com/expressjs/body-parser#errors */
function clientDetail(error: ClientError): string {
  switch (error.type) {
    case 'entity.parse.failed':
      return 'The body is not valid JSON.'
    case 'entity.too.large':
      return `The body is larger than the ${error.limit} bytes that are taken here.`
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return 'The encoding of the body is not supported; use UTF-8.'
    case 'request.aborted':
    case 'request.size.invalid':
      return 'The body is not as long as its Content-Length says.'
    default:
      return 'The request cannot be read.'
  }
}

const TOO_LARGE: readonly string[] = ['LIMIT_FILE_SIZE', 'LIMIT_FIELD_VALUE', 'LIMIT_PART_COUNT']

function uploadProblem(error: MulterError): HttpProblem {
  const status = TOO_LARGE.includes(error.code) ? 413 : 422
  const errors = error.field ? [{ pointer: `#/${error.field}`, detail: error.message }] : undefined
  return new HttpProblem(status, `The upload was refused: ${error.message}.`, { errors, cause: error })
}
