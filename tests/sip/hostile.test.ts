import { createSocket } from 'node:dgram'
import { readdir } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { liveChannels } from '../support/live-channels.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import type { SipResponse } from '../support/simulated-sip/sip-message.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

/*
 * What comes to every SIP port within minutes, and what a broken or evil peer could send. None of it may cost more than its
 * answer: nothing is written down for strangers, and nothing is left of anybody.
 */

const TRUNK = '127.0.0.1'
const STRANGER = '127.66.6.6'
const ALICE = { username: 'alice', password: 'correct-horse-battery' }
const LINES = 4
/** So long no answer means that there will be none. */
const IGNORED_MS = 2_000
/** A busy machine's heap comes and goes by some; what is kept of each of thousands of requests would be more. */
const ALLOWED_GROWTH = 48 * 1024 * 1024

let sip: SipWorld
beforeAll(async () => {
  const users = `${ALICE.username}:${ALICE.password}`
  sip = await SipWorld.begin({
    settings: { SIP_TRUNKS: `${TRUNK}/32`, SIP_USERS: users, MAX_CONCURRENT_CALLS: `${LINES}` },
  })
})
afterAll(() => sip.end())

const rows = async () =>
  Number((await sip.world.db.query<{ n: string }>('select count(*) as n from call_log'))[0]?.n)

/** A whole call of somebody who may: whatever came before, it goes as it should. */
async function goodCall(options: Parameters<SipWorld['call']>[0] = {}): Promise<SipStoryCall> {
  const call = sip.call(options)
  expect(await call.answer()).toBe(200)
  await call.reaches('bridged.talking')
  await call.line.bye()
  expect(await call.outcome()).toBe('caller_hung_up')
  return call
}

/** Sends them all at once, `at` a time, and counts the answers by their status. */
async function flood(count: number, send: (index: number) => Promise<SipResponse>, at = 50) {
  const answers: Record<number, number> = {}
  for (let first = 0; first < count; first += at) {
    const size = Math.min(at, count - first)
    const responses = await Promise.all(Array.from({ length: size }, (_, index) => send(first + index)))
    for (const { status } of responses) answers[status] = (answers[status] ?? 0) + 1
  }
  return answers
}

async function residentBytes(node: ServiceProcess): Promise<number> {
  const headers = { authorization: `Bearer ${sip.world.adminKey}` }
  const text = await (await fetch(`${node.origin}/metrics`, { headers })).text()
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1])
}

const openFiles = async (node: ServiceProcess) => (await readdir(`/proc/${node.pid}/fd`)).length

describe('Strangers', () => {
  it('who send a thousand INVITEs are each refused, and nothing is done or kept', async () => {
    await goodCall()
    const { phone } = sip.servers
    const invite = (index: number) =>
      phone.request('INVITE', {
        sourceAddress: `127.66.${index % 200}.7`,
        from: `${index}`,
        to: '900442071838',
      })
    await flood(200, invite)
    const [before, memory, files] = [
      await rows(),
      await residentBytes(sip.world.node),
      await openFiles(sip.world.node),
    ]
    expect(await flood(1_000, invite)).toEqual({ 407: 1_000 })
    expect(await rows()).toBe(before)
    expect(await liveChannels(sip)).toBe(0)
    expect(await openFiles(sip.world.node)).toBeLessThanOrEqual(files + 2)
    expect((await residentBytes(sip.world.node)) - memory).toBeLessThan(ALLOWED_GROWTH)
  })

  it('who ask, register or write are turned away by drachtio-server or with 403', async () => {
    const { phone } = sip.servers
    const before = await rows()
    const ask = (method: string) => flood(100, () => phone.request(method, { sourceAddress: STRANGER }))
    expect(await ask('OPTIONS')).toEqual({ 403: 100 })
    expect(await ask('REGISTER')).toEqual({ 503: 100 })
    expect(await ask('MESSAGE')).toEqual({ 503: 100 })
    expect(await ask('SUBSCRIBE')).toEqual({ 503: 100 })
    expect(await rows()).toBe(before)
  })

  it('who do not know the password learn nothing, however often they try', async () => {
    const before = await rows()
    const guesses = ['', 'correct', 'correct-horse-batterz', ALICE.username, 'x'.repeat(5_000)]
    for (const password of guesses) {
      const call = sip.call({ sourceAddress: STRANGER, credentials: { ...ALICE, password } })
      expect(await call.answer()).toBe(407)
      const [first, second] = call.line.responses.filter(({ status }) => status === 407)
      // Wrong is wrong, whether it was the name or the password.
      expect(second?.headers.get('Proxy-Authenticate')).not.toContain('stale')
      expect(first?.body).toBe('')
    }
    expect(await rows()).toBe(before)
  })

  it('who overheard a password’s proof cannot use it, from there or from elsewhere', async () => {
    const call = await goodCall({ sourceAddress: '127.0.0.9', credentials: ALICE })
    const proof = call.line.invite.headers.get('Proxy-Authorization')
    expect(proof).toContain('response=')
    const before = await rows()
    for (const sourceAddress of ['127.0.0.9', STRANGER]) {
      const replay = { sourceAddress, headers: { 'Proxy-Authorization': proof }, to: SERVICE_NUMBER }
      expect((await sip.servers.phone.request('INVITE', replay)).status).toBe(407)
    }
    expect(await rows()).toBe(before)
  })
})

describe('What makes no sense, even from a trunk', () => {
  const LONG = 'x'.repeat(8_000)

  it.each([
    ['a From without an address', { From: 'nobody;tag=1' }],
    ['a From that is a word', { From: '"<sip:' }],
    ['a To of noise', { To: '<sip:\u0000@@@@>' }],
    ['an endless name', { From: `"${LONG}" <sip:${LONG}@127.0.0.1>;tag=1` }],
    ['an endless Call-ID', { 'Call-ID': LONG }],
    ['an asserted identity of noise', { 'P-Asserted-Identity': `<sip:${'%'.repeat(500)}>` }],
    ['a session timer of noise', { 'Session-Expires': '-1;refresher=nobody' }],
    ['a body that says it is longer', { 'Content-Type': 'application/sdp', 'Content-Length': '9' }],
    ['a thousand of the same header', { 'X-Noise': Array(1_000).fill('1').join(',') }],
  ])('%s: an answer or none, and the next call is as good as ever', async (_, headers) => {
    const { line } = sip.call({ headers })
    // What the server cannot read at all it does not answer.
    await Promise.race([line.final, pause(IGNORED_MS)])
    if (line.isAnswered)
      await line.request('BYE', { headers: 'From' in headers ? { From: headers.From } : {} })
    line.abandon()
    await goodCall()
  })

  it.each([
    ['nothing but letters', 'v=0'.padEnd(50_000, 'A')],
    [
      'ten thousand codecs',
      `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP ${Array.from({ length: 10_000 }, (_, index) => 96 + (index % 31)).join(' ')}\r\n`,
    ],
    ['no address', 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n'],
    [
      'a port that is none',
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 99999999 RTP/AVP 0\r\n',
    ],
    [
      'video alone',
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 4000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n',
    ],
  ])('a session of %s is answered or refused, and leaves nothing', async (_, sdp) => {
    const call = sip.call({ sdp })
    const status = await call.answer()
    expect([200, 400, 413, 415, 488]).toContain(status)
    if (status === 200) await call.line.bye()
    if (status !== 400 && status !== 413)
      expect(['caller_hung_up', 'carrier_failed']).toContain(await call.outcome())
    await until('no channel is left', async () => (await liveChannels(sip)) === 0)
  })
})

/** Only a real server reads bytes. */
describe.skipIf(!REAL_SERVERS)('Bytes that are hardly SIP', () => {
  const INVITE = (index: number) =>
    [
      `INVITE sip:${SERVICE_NUMBER}@127.0.0.1 SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKnoise${index};rport`,
      'Max-Forwards: 70',
      `From: "Somebody" <sip:+15550009999@127.0.0.1>;tag=noise${index}`,
      `To: <sip:${SERVICE_NUMBER}@127.0.0.1>`,
      `Call-ID: noise-${index}`,
      'CSeq: 1 INVITE',
      'Contact: <sip:somebody@127.0.0.1:9>',
      'Session-Expires: 1800',
      'Content-Type: application/sdp',
      'Content-Length: 129',
      '',
      'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n',
    ].join('\r\n')

  it('from a trunk: a thousand INVITEs, each broken in another way, leave the service as it was', async () => {
    const socket = createSocket('udp4')
    const { SIP_HOST = '127.0.0.1', SIP_PORT = '5060' } = process.env
    const random = numbersFrom(20_261_121)
    for (let index = 0; index < 1_000; index++) {
      socket.send(broken(Buffer.from(INVITE(index)), random), Number(SIP_PORT), SIP_HOST)
      if (index % 20 === 0) await pause(10)
    }
    // Those that could be read ring a phone that is not there, until it is noticed that it acknowledges nothing.
    await until(
      'the last of them is given up',
      async () => (await liveChannels(sip)) === 0,
      undefined,
      80_000,
    )
    socket.close()
    expect(sip.world.node.ended).toBeNull()
    await goodCall()
  }, 120_000)

  /** Some bytes changed, left out or said twice. */
  function broken(message: Buffer, random: (below: number) => number): Buffer {
    const bytes = Buffer.from(message)
    for (let times = random(4); times >= 0; times--) {
      const at = random(bytes.length)
      const kind = random(3)
      if (kind === 0) bytes[at] = random(256)
      else if (kind === 1) bytes.copy(bytes, at, random(bytes.length))
      else return bytes.subarray(0, at)
    }
    return bytes
  }

  /** The same for the same seed (Mulberry32). */
  function numbersFrom(seed: number): (below: number) => number {
    let state = seed
    return (below) => {
      state = (state + 0x6d2b79f5) | 0
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below
    }
  }
})

describe('A Call-ID that comes again', () => {
  it('while its call lives is the same call by another way: 482, and the call goes on', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    const twin = sip.call({ callId: call.sid })
    expect(await twin.answer()).toBe(482)
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('at the same moment: one is answered', async () => {
    const callId = `twins-${Date.now()}`
    const twins = [1, 2, 3].map(() => sip.call({ callId }))
    const answers = await Promise.all(twins.map((twin) => twin.answer()))
    expect(answers.sort()).toEqual([200, 482, 482])
    for (const { line } of twins) if (line.isAnswered) await line.bye()
    await until('the call is over', async () => (await liveCalls()) === 0)
    await until('no channel is left', async () => (await liveChannels(sip)) === 0)
  })

  it('after its call was over is another try, and a call of its own', async () => {
    const hopeless = sip.call({ sdp: 'v=0\r\n' })
    expect(await hopeless.answer()).toBe(488)
    const again = sip.call({ callId: hopeless.sid })
    expect(await again.answer()).toBe(200)
    await until('it talks', async () => (await liveCalls('talking')) === 1)
    await again.line.bye()
    await until('the call is over', async () => (await liveCalls()) === 0)
  })

  const liveCalls = async (bridge?: string) =>
    Number(
      (
        await sip.world.db.query<{ n: string }>(
          'select count(*) as n from call_log where ended_at is null and ($1::text is null or bridge = $1)',
          [bridge ?? null],
        )
      )[0]?.n,
    )
})

describe('When all lines are taken', () => {
  it('two hundred more INVITEs are each told to come later, and those who talk go on talking', async () => {
    const talking = Array.from({ length: LINES }, () => sip.call())
    for (const call of talking) await call.reaches('bridged.talking')
    expect(await flood(200, () => sip.call().line.final, 40)).toEqual({ 503: 200 })
    expect(await liveChannels(sip)).toBe(LINES)
    for (const call of talking) {
      expect(await call.state()).toBe('bridged.talking')
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
    }
    const open = () => sip.world.db.query('select 1 from call_log where ended_at is null')
    await until('all others are written down as refused', async () => (await open()).length === 0)
    await goodCall()
  }, 60_000)
})

describe('After all that', () => {
  it('nothing is left of anybody', async () => {
    await until('no channel is left', async () => (await liveChannels(sip)) === 0)
    await until(
      'no leg is registered',
      async () => (await sip.world.db.query('select 1 from sip_leg')).length === 0,
    )
    if (!REAL_SERVERS) expect(sip.simulated.drachtio.dialogCount).toBe(0)
  })

  it('the log is lines of JSON, and tells no secret and no whole number', async () => {
    const { output } = sip.world.node
    const lines = output.trim().split('\n')
    for (const line of lines.filter((line) => !line.startsWith('Open the console')))
      expect(() => JSON.parse(line), line).not.toThrow()
    const secrets = [
      ALICE.password,
      'response="',
      sip.servers.settings.DRACHTIO_SECRET,
      sip.servers.settings.FREESWITCH_SECRET,
    ]
    for (const secret of secrets) expect(output).not.toContain(secret)
    const numbers = await sip.world.db.query<{ from: string }>(
      `select distinct from_number as "from" from call_log where from_number like '+%'`,
    )
    for (const { from } of numbers) expect(output).not.toContain(from)
  })
})
