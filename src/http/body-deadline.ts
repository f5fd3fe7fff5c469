import type { RequestHandler } from 'express'
import { HttpProblem, sendProblem } from './problem.ts'

/**
 * Answers 408 and hangs up when a request has not come in whole within `ms`. Node's own limit is for whole uploads, and
 * counts in minutes: this is for bodies that are read before anybody has shown who they are.
 */
export function bodyDeadline(ms: number): RequestHandler {
  return (req, res, next) => {
    const deadline = setTimeout(() => {
      if (req.complete || res.headersSent) return
      // Whatever reads the body is told that it was cut short, and finds the answer already sent.
      res.once('finish', () => req.destroy())
      const tooSlow = `The request did not come in whole within ${ms / 1000} seconds.`
      sendProblem(res, new HttpProblem(408, tooSlow, { headers: { Connection: 'close' } }))
    }, ms)
    res.once('close', () => clearTimeout(deadline))
    next()
  }
}
