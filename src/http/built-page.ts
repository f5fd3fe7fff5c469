import { stat } from 'node:fs/promises'
import type { Response } from 'express'
import { HttpProblem } from '../problem/problem.ts'

/** Sends a page that `npm run build` makes. */
export async function sendPage(res: Response, file: string): Promise<void> {
  if (!(await stat(file).catch(() => null))) {
    throw new HttpProblem(503, 'This page has not been built yet: run "npm run build", then load it again.')
  }
  res.set('Cache-Control', 'no-store').sendFile(file, { cacheControl: false })
}
