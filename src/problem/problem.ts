import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'

/*
 * How a request is refused, over HTTP: what is wrong, where, and how to mend it (RFC 9457).
 */

/** What is wrong with one part of a request: a place in its body, or one of its parameters, and what is expected there. */
export type FieldError = { detail: string; pointer?: string; parameter?: string }

/** A problem as it is answered, in JSON. */
export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  instance?: string
  errors?: FieldError[]
}

export type ProblemOptions = {
  errors?: FieldError[]
  headers?: Record<string, string>
  cause?: unknown
}

/** A request that cannot be served as it is; what is in it is shown to whoever sent the request. */
export class HttpProblem extends Error {
  readonly status: number
  readonly errors: FieldError[] | undefined
  readonly headers: Record<string, string>
  /** @param detail says what is wrong with this very request and how to mend it */
  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause })
    this.name = 'HttpProblem'
    this.status = status
    this.errors = options.errors
    this.headers = options.headers ?? {}
  }
}

/** The header that says what the body is. */
export const PROBLEM_TYPE = 'application/problem+json'

/** The problem as the body of an answer to `request`. */
export function problemBody(problem: HttpProblem, request: IncomingMessage): string {
  const body: Problem = {
    // Nothing more is to be known about the type than its status says (RFC 9457, section 4.2.1).
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    instance: pathOf(request),
    errors: problem.errors,
  }
  return JSON.stringify(body)
}

/** Without its query, which may hold what is secret. A router of Express keeps the whole path apart. */
function pathOf(request: IncomingMessage & { originalUrl?: string }): string | undefined {
  return (request.originalUrl ?? request.url)?.split('?')[0]
}

/** Answers with the problem. */
export function sendProblem(res: ServerResponse, problem: HttpProblem): void {
  const body = problemBody(problem, res.req)
  res.statusCode = problem.status
  for (const [name, value] of Object.entries(problem.headers)) res.setHeader(name, value)
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('Content-Type', PROBLEM_TYPE)
  res.setHeader('Content-Length', Buffer.byteLength(body))
  res.end(body)
}
