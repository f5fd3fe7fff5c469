import { Router } from 'express'
import { pino } from 'pino'
import { createAddressCheck } from '../../src/http/allowed-ips.ts'
import { type AppOptions, createApp, type WebOptions } from '../../src/http/app.ts'
import { clientAddresses } from '../../src/http/client-address.ts'
import { wrongKeyLimit } from '../../src/http/rate-limits.ts'
import { createAuth } from '../../src/http/sessions/auth.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { endedSessions } from './ended-sessions.ts'

export const ADMIN_KEY = 'a-key-for-tests-only'

/** The app with nothing behind it but what the test gives. */
export function testApp({ web, ...given }: Partial<AppOptions & WebOptions> = {}) {
  return createApp({
    nodeId: 'test',
    trustProxy: false,
    log: pino({ level: 'silent' }),
    metrics: createMetrics(),
    refreshMetrics: async () => {},
    auth: createAuth({ adminKey: ADMIN_KEY, wrongKeys: wrongKeyLimit(), endedSessions: endedSessions() }),
    addressOf: clientAddresses(given.trustProxy ?? false),
    isAllowedAddress: createAddressCheck(null),
    health: async () => ({
      status: 'ok',
      database: 'ok',
      elevenlabs: 'simulated',
      twilio: 'simulated',
      sip: 'disabled',
      trunks: 'disabled',
      node: 'ok',
      clock: 'ok',
    }),
    audio: { assets: { get: async () => null }, holdTrack: Buffer.alloc(8000), spoken: {}, roundMs: 250 },
    web: web === null ? null : webOf(given),
    ...given,
  })
}

const webOf = (given: Partial<WebOptions>): WebOptions => ({
  carrierWebhooks: Router(),
  agentWebhooks: Router(),
  adminRoutes: [],
  recordWrite: async () => {},
  api: { title: 'Test', version: '0', description: '' },
  console: Router(),
  phone: Router(),
  ...given,
})
