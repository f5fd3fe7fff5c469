import type { RequestHandler } from 'express'
import { ipKeyGenerator } from 'express-rate-limit'
import { HttpProblem } from '../problem/problem.ts'

/** How many uploads may come in at once, of one address and of all together: nobody can keep the others out alone. */
export function uploadSlots({
  ofOneAddress,
  ofAll,
}: {
  ofOneAddress: number
  ofAll: number
}): RequestHandler {
  const open = new Map<string, number>()
  let all = 0
  return (req, res, next) => {
    const address = ipKeyGenerator(req.ip ?? '')
    const own = open.get(address) ?? 0
    if (own >= ofOneAddress || all >= ofAll)
      throw new HttpProblem(503, 'Too many uploads arrive at once; try again in ten seconds.', {
        headers: { 'Retry-After': '10' },
      })
    open.set(address, own + 1)
    all++
    res.once('close', () => {
      all--
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
    next()
  }
}
