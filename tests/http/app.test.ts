import { Router } from 'express'
import { pino } from 'pino'
import { describe, expect, it, test } from 'vitest'
import { createAddressCheck } from '../../src/http/allowed-ips.ts'
import type { Health } from '../../src/http/health/health-routes.ts'
import { createMetrics } from '../../src/observability/metrics.ts'
import { asAdmin, problemOf, serve, testApp } from './serve.ts'

describe('health', () => {
  const vendors = { elevenlabs: 'simulated', twilio: 'simulated', sip: 'disabled', trunks: 'disabled' }
  const parts = { database: 'ok', ...vendors, node: 'ok', clock: 'ok' }
  const health = (status: string) => async (): Promise<Health> => ({ status, ...parts })

  test.each([
    ['ok', 200],
    ['draining', 503],
    ['full', 503],
  ])('%s is %i', async (status, expected) => {
    const url = await serve(testApp({ health: health(status) }))
    const response = await fetch(`${url}/health`)
    expect(response.status).toBe(expected)
    expect(await response.json()).toEqual({ status, ...parts, timestamp: expect.any(String) })
  })
})

describe('another node that asks whether this one lives', () => {
  it('hears yes of its own id, and no of every other', async () => {
    const url = await serve(testApp({ nodeId: 'mine', web: null }))
    expect((await fetch(`${url}/nodes/mine`)).status).toBe(204)
    expect((await fetch(`${url}/nodes/another`)).status).toBe(410)
  })
})

describe('headers', () => {
  it('allow pages to load from this host only and name no framework', async () => {
    const { headers } = await fetch(`${await serve(testApp())}/health`)
    expect(headers.get('content-security-policy')).toContain("default-src 'self'")
    expect(headers.get('content-security-policy')).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-powered-by')).toBeNull()
  })
})

describe('a process without the role web', () => {
  it('tells how it is and has audio to fetch, and nothing else', async () => {
    const url = await serve(testApp({ web: null }))
    const statusOf = async (path: string) => (await fetch(url + path, { headers: asAdmin })).status
    expect(await statusOf('/health')).toBe(200)
    expect(await statusOf('/metrics')).toBe(200)
    expect(await statusOf('/audio/hold/0.wav')).toBe(200)
    for (const path of ['/', '/api/v1/calls', '/webhooks/inbound']) expect(await statusOf(path)).toBe(404)
  })
})

describe('problems', () => {
  it('tell that nothing is at a path', async () => {
    const response = await fetch(`${await serve(testApp())}/nowhere?secret=1`)
    expect(response.status).toBe(404)
    expect(await problemOf(response)).toEqual({
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: 'There is nothing at this path.',
      instance: '/nowhere',
    })
  })

  it('hide what went wrong inside, and log it', async () => {
    const lines: string[] = []
    const carrierWebhooks = Router().post('/inbound', () => {
      throw new Error('password authentication failed for user "precall"')
    })
    const log = pino({ level: 'info' }, { write: (line) => lines.push(line) })
    const url = await serve(testApp({ carrierWebhooks, log }))
    const response = await fetch(`${url}/webhooks/inbound`, { method: 'POST' })
    expect(response.status).toBe(500)
    expect((await problemOf(response)).detail).not.toContain('password')
    expect(lines.join()).toContain('password authentication failed')
  })

  it('are answered for malformed percent-encoding and bad JSON', async () => {
    const url = await serve(testApp({ carrierWebhooks: Router().get('/:any', () => {}) }))
    expect((await fetch(`${url}/webhooks/%E0%A4%A`)).status).toBe(400)
    const headers = { ...asAdmin, 'content-type': 'application/json' }
    const malformed = await fetch(`${url}/api/v1/x`, { method: 'POST', headers, body: '{' })
    expect(malformed.status).toBe(400)
    expect((await problemOf(malformed)).detail).toBe('The body is not valid JSON.')
    const body = JSON.stringify('x'.repeat(200_000))
    const large = await fetch(`${url}/api/v1/x`, { method: 'POST', headers, body })
    expect(large.status).toBe(413)
    expect((await problemOf(large)).detail).toContain('102400 bytes')
  })

  it('are counted by their reason', async () => {
    const metrics = createMetrics()
    const url = await serve(testApp({ metrics }))
    await fetch(`${url}/nowhere`)
    await fetch(`${url}/api/v1/calls`)
    const text = await metrics.registry.metrics()
    expect(text).toContain('precall_http_rejections_total{reason="not_found"} 1')
    expect(text).toContain('precall_http_rejections_total{reason="unauthorized"} 1')
  })
})

describe('metrics', () => {
  it('are shown to admins, freshly read', async () => {
    const metrics = createMetrics()
    const refreshMetrics = async () => {
      metrics.callsActive.set({ provider: 'twilio', state: 'hold' }, 3)
    }
    const url = await serve(testApp({ metrics, refreshMetrics }))
    expect((await fetch(`${url}/metrics`)).status).toBe(401)
    const response = await fetch(`${url}/metrics`, { headers: asAdmin })
    expect(response.headers.get('content-type')).toContain('text/plain')
    expect(await response.text()).toContain('precall_calls_active{provider="twilio",state="hold"} 3')
  })

  it('measure webhooks by the routes that exist', async () => {
    const metrics = createMetrics()
    const carrierWebhooks = Router().post('/inbound', (_req, res) => {
      res.end()
    })
    const url = await serve(testApp({ metrics, carrierWebhooks }))
    await fetch(`${url}/webhooks/inbound?x=1`, { method: 'POST' })
    await fetch(`${url}/Webhooks/INBOUND/`, { method: 'POST' })
    await fetch(`${url}/webhooks/strangers-choice`, { method: 'POST' })
    const text = await metrics.registry.metrics()
    expect(text).toContain('precall_webhook_seconds_count{route="/webhooks/inbound"} 2')
    expect(text).toContain('precall_webhook_seconds_count{route="unknown"} 1')
    expect(text).not.toContain('strangers-choice')
  })
})

describe('the address allow-list', () => {
  it('keeps others from the admin routes, metrics and console, and from nothing else', async () => {
    const isAllowedAddress = createAddressCheck(['10.0.0.0/8'])
    const page = Router().get('/', (_req, res) => {
      res.send('console')
    })
    const url = await serve(testApp({ isAllowedAddress, console: page }))
    for (const path of ['/api/v1/calls', '/metrics', '/', '/console/session']) {
      const response = await fetch(url + path, { headers: asAdmin })
      expect(response.status, path).toBe(403)
    }
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it('believes a forwarded address only when the proxy is trusted', async () => {
    const isAllowedAddress = createAddressCheck(['10.0.0.0/8'])
    const headers = { ...asAdmin, 'x-forwarded-for': '10.1.2.3' }
    const distrusting = await serve(testApp({ isAllowedAddress }))
    expect((await fetch(`${distrusting}/metrics`, { headers })).status).toBe(403)
    const trusting = await serve(testApp({ isAllowedAddress, trustProxy: ['loopback'] }))
    expect((await fetch(`${trusting}/metrics`, { headers })).status).toBe(200)
  })

  test.each([
    ['10.9.8.7', true],
    ['::ffff:10.9.8.7', true],
    ['192.0.2.1', true],
    ['192.0.2.2', false],
    ['2001:db8::5', true],
    ['2001:db9::5', false],
    ['not an address', false],
    [undefined, false],
  ])('%s is allowed: %s', (address, allowed) => {
    expect(createAddressCheck(['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/32'])(address)).toBe(allowed)
  })
})
