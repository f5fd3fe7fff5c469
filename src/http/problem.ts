import { STATUS_CODES } from 'node:http'
import type { Response } from 'express'

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

/** A request that cannot be served as it is; what is in it is shown to whoever sent the request (RFC 9457). */
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

/** Answers with the problem as `application/problem+json`. */
export function sendProblem(res: Response, problem: HttpProblem): void {
  const answer: Problem = {
    // Nothing more is to be known about the type than its status says (RFC 9457, section 4.2.1).
    type: 'about:blank',
    title: STATUS_CODES[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    instance: res.req.originalUrl.split('?')[0],
    errors: problem.errors,
  }
  res
    .status(problem.status)
    .set(problem.headers)
    .set('Cache-Control', 'no-store')
    .type('application/problem+json')
    .send(JSON.stringify(answer))
}
