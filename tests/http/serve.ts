import { createServer, type RequestListener } from 'node:http'
import { onTestFinished } from 'vitest'
import { listenHere } from '../support/loopback.ts'
import { ADMIN_KEY } from '../support/test-app.ts'

export { ADMIN_KEY, testApp } from '../support/test-app.ts'

export const asAdmin = { authorization: `Bearer ${ADMIN_KEY}` }

/** Serves on a port of its own until the test is over; fails the test when a connection outlives it. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  const origin = await listenHere(server)
  onTestFinished(
    () =>
      new Promise((closed, failed) => {
        server.close((error) => (error ? failed(error) : closed()))
        server.closeIdleConnections()
      }),
  )
  return origin
}

export type Problem = {
  type: string
  title: string
  status: number
  detail: string
  instance: string
  errors?: { detail: string; pointer?: string; parameter?: string }[]
}

export async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type')
  if (!type?.startsWith('application/problem+json')) throw new Error(`a problem was expected and not ${type}`)
  return (await response.json()) as Problem
}
