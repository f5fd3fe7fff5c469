import pino from 'pino'
import { describe, expect, it } from 'vitest'
import { type Dns, HostResolver, hostOf } from '../../src/telephony/sip/trunks/host-resolver.ts'
import { ManualClock } from '../support/manual-clock.ts'

const failed = (code: string) => Object.assign(new Error(code), { code })

/** A DNS whose records a test changes, and that counts what it is asked. */
class FakeDns implements Dns {
  readonly hosts = new Map<string, string[]>()
  readonly services = new Map<string, string[]>()
  readonly asked: string[] = []
  fault: string | null = null
  /** Names whose questions fail, and how. */
  readonly broken = new Map<string, string>()

  async srv(name: string) {
    return this.#answer(name, this.services).map((target) => ({ name: target }))
  }

  async addresses(name: string) {
    return this.#answer(name, this.hosts)
  }

  #answer(name: string, records: Map<string, string[]>): string[] {
    this.asked.push(name)
    const broken = this.broken.get(name)
    if (broken) throw failed(broken)
    if (this.fault) throw failed(this.fault)
    const found = records.get(name)
    if (!found) throw failed('ENOTFOUND')
    return found
  }
}

function setUp() {
  const dns = new FakeDns()
  const clock = new ManualClock()
  const resolver = new HostResolver({ dns, log: pino({ level: 'silent' }), clock })
  const later = (ms: number) => clock.advance(ms)
  return { dns, resolver, later }
}

describe('the addresses of a trunk', () => {
  it('are those behind its name', async () => {
    const { dns, resolver } = setUp()
    dns.hosts.set('gw.example.com', ['192.0.2.2', '192.0.2.1'])
    await resolver.refresh(['gw.example.com', '192.0.2.9:5060', '[2001:db8::1]:5060'])
    expect(resolver.resolved('gw.example.com').addresses).toEqual(['192.0.2.1', '192.0.2.2'])
    expect(resolver.resolved('192.0.2.9:5060').addresses).toEqual(['192.0.2.9'])
    expect(resolver.resolved('[2001:db8::1]:5060').addresses).toEqual(['2001:db8::1'])
    expect(resolver.resolved('other.example.com')).toEqual({ addresses: [], fault: null })
  })

  it('are those of the servers that its SRV records name, over every transport', async () => {
    const { dns, resolver } = setUp()
    dns.services.set('_sip._udp.example.com', ['a.example.com', 'b.example.com'])
    dns.services.set('_sips._tcp.example.com', ['b.example.com'])
    dns.hosts.set('a.example.com', ['192.0.2.1']).set('b.example.com', ['192.0.2.2', '2001:db8::2'])
    await resolver.refresh(['example.com'])
    expect(resolver.resolved('example.com')).toEqual({
      addresses: ['192.0.2.1', '192.0.2.2', '2001:db8::2'],
      fault: null,
    })
  })

  it('are not those of the name itself where its SRV records name servers: a web server is there', async () => {
    const { dns, resolver } = setUp()
    dns.services.set('_sip._udp.example.com', ['a.example.com'])
    dns.hosts.set('a.example.com', ['192.0.2.1']).set('example.com', ['198.51.100.80'])
    await resolver.refresh(['example.com'])
    expect(resolver.resolved('example.com').addresses).toEqual(['192.0.2.1'])
  })

  it('are all that can be found, whatever else fails', async () => {
    const { dns, resolver } = setUp()
    dns.broken.set('_sip._tcp.example.com', 'ESERVFAIL').set('b.example.com', 'ETIMEOUT')
    dns.services.set('_sip._udp.example.com', ['a.example.com', 'b.example.com'])
    dns.hosts.set('a.example.com', ['192.0.2.1']).set('plain.example.com', ['192.0.2.3'])
    dns.broken.set('_sip._udp.plain.example.com', 'EREFUSED')
    await resolver.refresh(['example.com', 'plain.example.com'])
    expect(resolver.resolved('example.com')).toEqual({ addresses: ['192.0.2.1'], fault: null })
    expect(resolver.resolved('plain.example.com')).toEqual({ addresses: ['192.0.2.3'], fault: null })
  })

  it('are not asked for again while the last question is open', async () => {
    const { dns, resolver } = setUp()
    const answer = Promise.withResolvers<string[]>()
    dns.addresses = (name) => {
      dns.asked.push(name)
      return answer.promise
    }
    const first = resolver.refresh(['slow.example.com:5060'])
    await resolver.refresh(['slow.example.com:5060'])
    expect(dns.asked).toEqual(['slow.example.com'])
    answer.resolve(['192.0.2.1'])
    await first
    expect(resolver.resolved('slow.example.com:5060').addresses).toEqual(['192.0.2.1'])
  })

  it('need no SRV record where a port is named (RFC 3263 §4.2)', async () => {
    const { dns, resolver } = setUp()
    dns.hosts.set('example.com', ['192.0.2.1'])
    await resolver.refresh(['example.com:5070'])
    expect(dns.asked).toEqual(['example.com'])
    expect(resolver.resolved('example.com:5070').addresses).toEqual(['192.0.2.1'])
  })

  it('are asked for again after a minute, and follow a provider that moves', async () => {
    const { dns, resolver, later } = setUp()
    dns.hosts.set('gw.example.com', ['192.0.2.1'])
    await resolver.refresh(['gw.example.com'])
    dns.hosts.set('gw.example.com', ['192.0.2.2'])
    later(59_000)
    await resolver.refresh(['gw.example.com'])
    expect(resolver.resolved('gw.example.com').addresses).toEqual(['192.0.2.1'])
    later(1_000)
    await resolver.refresh(['gw.example.com'])
    expect(resolver.resolved('gw.example.com').addresses).toEqual(['192.0.2.2'])
  })

  it('stay what they were while the DNS is away, and say why', async () => {
    const { dns, resolver, later } = setUp()
    dns.hosts.set('gw.example.com', ['192.0.2.1'])
    await resolver.refresh(['gw.example.com'])
    dns.fault = 'ETIMEOUT'
    later(60_000)
    await resolver.refresh(['gw.example.com'])
    expect(resolver.resolved('gw.example.com')).toEqual({ addresses: ['192.0.2.1'], fault: 'ETIMEOUT' })
    dns.fault = null
    later(10_000)
    await resolver.refresh(['gw.example.com'])
    expect(resolver.resolved('gw.example.com').fault).toBeNull()
  })

  it('are none for a name that there is not, until there is', async () => {
    const { dns, resolver, later } = setUp()
    await resolver.refresh(['new.example.com'])
    expect(resolver.resolved('new.example.com')).toEqual({ addresses: [], fault: 'ENOTFOUND' })
    dns.hosts.set('new.example.com', ['192.0.2.1'])
    later(10_000)
    await resolver.refresh(['new.example.com'])
    expect(resolver.resolved('new.example.com')).toEqual({ addresses: ['192.0.2.1'], fault: null })
  })

  it('are forgotten with the trunk', async () => {
    const { dns, resolver } = setUp()
    dns.hosts.set('gw.example.com', ['192.0.2.1'])
    await resolver.refresh(['gw.example.com'])
    await resolver.refresh([])
    expect(resolver.resolved('gw.example.com').addresses).toEqual([])
  })
})

it.each([
  ['sip.example.com', 'sip.example.com', null],
  ['sip.example.com:5070', 'sip.example.com', 5070],
  ['192.0.2.1:5060', '192.0.2.1', 5060],
  ['2001:db8::1', '2001:db8::1', null],
  ['[2001:db8::1]:5061', '2001:db8::1', 5061],
])('%s is the host %s at port %s', (server, host, port) => {
  expect(hostOf(server)).toEqual({ host, port })
})
