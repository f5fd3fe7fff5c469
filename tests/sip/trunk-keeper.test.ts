import { EventEmitter } from 'node:events'
import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { TrunkRegister, TrunkSettings } from '../../src/calls/trunk-ports.ts'
import type { SipHeaders, Srf } from '../../src/telephony/sip/drachtio.ts'
import { HostResolver } from '../../src/telephony/sip/trunks/host-resolver.ts'
import { grantedSeconds } from '../../src/telephony/sip/trunks/registration.ts'
import { TrunkDirectory } from '../../src/telephony/sip/trunks/trunk-directory.ts'
import { TrunkKeeper } from '../../src/telephony/sip/trunks/trunk-keeper.ts'
import { TrunkWatch } from '../../src/telephony/sip/trunks/trunk-watch.ts'
import { until } from '../support/until.ts'

const log = pino({ level: 'silent' })
const TRUNK: TrunkSettings = {
  id: '1',
  name: 'x',
  enabled: true,
  server: '192.0.2.1',
  transport: 'tcp',
  addresses: [],
  country: null,
  numbers: [],
  didFrom: 'to',
  codecs: [],
  srtp: null,
  maxCalls: null,
  maxCallsPerSecond: null,
  registration: { username: '100', authUsername: 'auth-100', password: 'x', expiresSeconds: 600 },
  optionsSeconds: null,
}

type Sent = { uri: string; method: string; headers: SipHeaders; auth?: { username: string } }

/** A node before a registrar that grants what it is asked for, and a database that a test lets hang. */
function setUp(own: Partial<TrunkRegister> = {}) {
  const sent: Sent[] = []
  const srf = {
    request(uri: string, options: Omit<Sent, 'uri'>, onSent: (error: unknown, req: object) => void) {
      sent.push({ uri, ...options })
      const req = Object.assign(new EventEmitter(), { get: () => options.headers.Contact })
      onSent(null, req)
      req.emit('response', { status: 200, get: (name: string) => (name === 'expires' ? '600' : undefined) })
    },
  } as unknown as Srf
  const asked: string[] = []
  const register: TrunkRegister = {
    list: async () => [TRUNK],
    async keep() {
      asked.push('keep')
      return [TRUNK.id]
    },
    leave: async () => false,
    tellRegistration: async () => {},
    tellServer: async () => {},
    tellNames: async () => {},
    takePlace: async () => null,
    leavePlace: async () => {},
    ...own,
  }
  const resolver = new HostResolver({ dns: { srv: async () => [], addresses: async () => [] }, log })
  const keeper = new TrunkKeeper({ srf, register, resolver, log, canSend: () => true })
  const directory = new TrunkDirectory([], (spelling) => spelling)
  return { sent, asked, keeper, watch: new TrunkWatch({ register, resolver, directory, keeper, log }) }
}

describe('The node that keeps a trunk', () => {
  it('registers it as its user, with the name that proves the password, over its transport', async () => {
    const { sent, watch } = setUp()
    await watch.start()
    expect(sent).toMatchObject([
      {
        uri: 'sip:192.0.2.1;transport=tcp',
        method: 'REGISTER',
        auth: { username: 'auth-100' },
        headers: { To: '<sip:100@192.0.2.1>', Contact: '<sip:100@localhost;transport=tcp>', Expires: '600' },
      },
    ])
    await watch.stop()
    expect(sent.at(-1)?.headers.Expires).toBe('0')
  })

  it('leaves what others go on with as it is', async () => {
    const { sent, watch } = setUp({ leave: async () => true })
    await watch.start()
    await watch.stop()
    expect(sent.map(({ headers }) => headers.Expires)).toEqual(['600'])
  })

  it('gives it up when another node has it, and takes nothing back', async () => {
    let kept = [TRUNK.id]
    const { sent, keeper } = setUp({ keep: async () => kept })
    await keeper.look([TRUNK])
    kept = []
    await keeper.look([TRUNK])
    await keeper.look([])
    expect(sent.map(({ headers }) => headers.Expires)).toEqual(['600'])
    await keeper.stop()
  })

  it('stops while the database hangs', async () => {
    const { watch } = setUp({ leave: () => new Promise(() => {}) })
    await watch.start()
    await watch.stop()
  })

  it('takes nothing any more once it is told to stop, however late the database answers', async () => {
    const answer = Promise.withResolvers<TrunkSettings[]>()
    let reads = 0
    const { sent, asked, watch } = setUp({
      list() {
        reads++
        return answer.promise
      },
    })
    const started = watch.start()
    await until('it has asked', () => reads === 1)
    const stopped = watch.stop()
    answer.resolve([TRUNK])
    await Promise.all([started, stopped])
    expect([asked, sent]).toEqual([[], []])
  })
})

describe('What a registrar grants', () => {
  const granted = (headers: Record<string, string>) =>
    grantedSeconds({ get: (name) => headers[name] }, '<sip:100@192.0.2.9:5060;transport=tcp>', 3_600)

  it.each([
    [
      'what it says of our own binding',
      { contact: '<sip:100@192.0.2.9:5060>;expires=60, <sip:100@192.0.2.8>;expires=30' },
      60,
    ],
    [
      'the shortest of all where it writes another address',
      { contact: '<sip:a@x>;expires=90,<sip:b@x>;q=1;expires="70"' },
      70,
    ],
    ['what it says for all', { contact: '<sip:100@192.0.2.9:5060>', expires: '120' }, 120],
    ['what was asked for where it says nothing', {}, 3_600],
  ])('is %s', (_, headers, seconds) => {
    expect(granted(headers as Record<string, string>)).toBe(seconds)
  })
})
