import type { Request, RequestHandler, Response } from 'express'
import { HttpProblem, sendProblem } from '../problem/problem.ts'

/**
 * Answers 408 and hangs up when a request has not come in whole within `ms`. Node's own limit is for whole uploads, and
 * counts in minutes: this is for bodies that are read before anybody has shown who they are.
 */
export function bodyDeadline(ms: number): RequestHandler {
  return (req, res, next) => {
    const deadline = setTimeout(
      () =>
        cutOff(
          req,
          res,
          `The request did not come in whole within ${ms / 1000} seconds; send it again over a faster line.`,
        ),
      ms,
    )
    res.once('close', () => clearTimeout(deadline))
    next()
  }
}

/** How often it is looked whether an upload goes on. */
const PROGRESS_EVERY_MS = 5_000
/** Slower than any line that a person would upload over. */
const LEAST_BYTES_A_SECOND = 4_096

/** The same for an upload that trickles: many of those would hold a connection, a file and memory each for as long as they like. */
export const bodyProgress: RequestHandler = (req, res, next) => {
  let seen = 0
  const watch = setInterval(() => {
    if (req.complete) return clearInterval(watch)
    const grown = req.socket.bytesRead - seen
    seen += grown
    if (grown < (LEAST_BYTES_A_SECOND * PROGRESS_EVERY_MS) / 1000)
      cutOff(
        req,
        res,
        `The request came in slower than ${LEAST_BYTES_A_SECOND} bytes a second; send it again over a faster line.`,
      )
  }, PROGRESS_EVERY_MS)
  seen = req.socket.bytesRead
  res.once('close', () => clearInterval(watch))
  next()
}

function cutOff(req: Request, res: Response, why: string): void {
  if (req.complete || res.headersSent) return
  // Whatever reads the body is told that it was cut short, and finds the answer already sent.
  res.once('finish', () => req.destroy())
  sendProblem(res, new HttpProblem(408, why, { headers: { Connection: 'close' } }))
}
