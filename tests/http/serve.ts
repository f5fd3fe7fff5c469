import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Router } from 'express'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { createAddressCheck } from '../../src/http/allowed-ips.ts'
import { type AppOptions, createApp } from '../../src/http/app.ts'
import { createAuth } from '../../src/http/auth.ts'
import { wrongKeyLimit } from '../../src/http/rate-limits.ts'
import { createMetrics } from '../../src/metrics.ts'

export const ADMIN_KEY = 'a-key-for-tests-only'
export const asAdmin = { authorization: `Bearer ${ADMIN_KEY}` }

/** Serves on a port of its own until the test is over; fails the test when a connection outlives it. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(
    () =>
      new Promise((closed, failed) => {
        server.close((error) => (error ? failed(error) : closed()))
        server.closeIdleConnections()
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The app with nothing behind it but what the test gives. */
export function testApp(given: Partial<AppOptions> = {}) {
  return createApp({
    trustProxy: false,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    auth: createAuth({ adminKey: ADMIN_KEY, wrongKeys: wrongKeyLimit() }),
    isAllowedAddress: createAddressCheck(null),
    health: async () => ({
      status: 'ok',
      database: 'ok',
      elevenlabs: 'simulated',
      twilio: 'simulated',
      sip: 'disabled',
    }),
    audio: { assets: { get: async () => null }, holdTrack: Buffer.alloc(8000), spoken: {}, roundMs: 250 },
    carrierWebhooks: Router(),
    agentWebhooks: Router(),
    adminRoutes: [],
    api: { title: 'Test', version: '0', description: '' },
    ...given,
  })
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
