import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { clientAddresses } from '../../src/http/client-address.ts'

const request = (forwarded?: string) =>
  ({
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    socket: { remoteAddress: '10.0.0.1' },
  }) as unknown as IncomingMessage

describe('the address of a client', () => {
  it.each([
    ['nobody is trusted', false, '203.0.113.9', '10.0.0.1'],
    ['one proxy is', 1, '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['the proxy is named', ['10.0.0.0/8'], '198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['another one is named', ['192.0.2.1'], '203.0.113.9', '10.0.0.1'],
    ['everybody is', true, '198.51.100.1, 203.0.113.9', '198.51.100.1'],
    ['nothing was forwarded', 1, undefined, '10.0.0.1'],
  ] as const)('is, when %s', (_, trusted, forwarded, expected) => {
    expect(clientAddresses(trusted)(request(forwarded))).toBe(expected)
  })

  it.each([
    ['300 letters', 'a'.repeat(300), '10.0.0.1'],
    ['nothing', '', '10.0.0.1'],
    ['a name', 'client.example, 203.0.113.9', '203.0.113.9'],
    ['a port', '203.0.113.9:80', '10.0.0.1'],
    ['IPv6', '2001:db8::1', '2001:db8::1'],
    ['a thousand addresses', Array(1_000).fill('203.0.113.9').join(','), '203.0.113.9'],
  ])('is an address, even when a trusted proxy passes on %s', (_, forwarded, expected) => {
    expect(clientAddresses(true)(request(forwarded))).toBe(expected)
  })
})
