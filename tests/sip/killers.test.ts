import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'

/*
 * Packets that ended drachtio-server, or all SIP service, when the service answered or forwarded them as it does others. The
 * servers live on under each, and the next call is as good as ever.
 */

const STRANGER = '127.66.6.6'

let sip: SipWorld
beforeAll(async () => {
  sip = await SipWorld.begin({ settings: { SIP_TRUNKS: '127.0.0.1/32' } })
})
afterAll(() => sip.end())

async function goodCall(): Promise<void> {
  const call = sip.call()
  expect(await call.answer()).toBe(200)
  await call.reaches('bridged.talking')
  await call.line.bye()
  expect(await call.outcome()).toBe('caller_hung_up')
}

/** A session of ordinary audio, and as many bytes of attributes as wanted. */
function longSession(bytes: number, attribute: string): string {
  const audio = `v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n`
  const line = `a=${attribute}:${'x'.repeat(60)}\r\n`
  return audio + line.repeat(Math.ceil((bytes - audio.length) / line.length))
}

describe('An INVITE whose Contact has no address, from anybody', () => {
  it.each([
    '*',
    '<*>',
    '<tel:+15550040001>',
    'tel:+15550040001',
    '"sip:a@b" <tel:+1>',
    '<sip:a@127.0.0.1>, <tel:+1>',
  ])('%s: the server lives on, and the next call comes through', async (contact) => {
    for (const sourceAddress of [STRANGER, '127.0.0.1']) {
      const refused = await sip.servers.phone.request('INVITE', {
        sourceAddress,
        headers: { Contact: contact },
      })
      expect([400, 408]).toContain(refused.status)
    }
    await goodCall()
    if (!REAL_SERVERS) expect(sip.simulated.drachtio.crashes).toBe(0)
  })
})

describe('A request whose names are too long for a message to drachtio-server', () => {
  const LONG = 'x'.repeat(6_000)

  it.each(['INVITE', 'OPTIONS'])(
    '%s: is answered as any other, and the next call comes through',
    async (method) => {
      for (const sourceAddress of [STRANGER, '127.0.0.1']) {
        const headers = { From: `"${LONG}" <sip:a@127.0.0.1>;tag=1`, Require: 'what-nobody-has' }
        const { status } = await sip.servers.phone.request(method, { sourceAddress, headers })
        expect(status).toBe(sourceAddress === STRANGER ? 403 : method === 'INVITE' ? 420 : 200)
      }
      await goodCall()
    },
  )

  it('an INVITE with an endless header of no meaning is taken', async () => {
    const call = sip.call({ headers: { Subject: LONG } })
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe('A session description that is too long', () => {
  it.each([
    ['12 kB', 12_000],
    ['40 kB', 40_000],
  ])('%s: 413, and the next call comes through', async (_, bytes) => {
    const call = sip.call({ sdp: longSession(bytes, 'x-noise') })
    expect(await call.answer()).toBe(413)
    await goodCall()
  })

  it('so is one whose codecs alone are more than any telephone has', async () => {
    const call = sip.call({ sdp: longSession(7_000, 'fmtp:0 x') })
    expect(await call.answer()).toBe(413)
    await goodCall()
  })

  it('one that is long by what has no part in the audio is taken', async () => {
    const call = sip.call({ sdp: longSession(7_000, 'ssrc:1 cname') })
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('in a call: 413, and the call goes on', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    expect((await call.line.reInvite({ sdp: longSession(12_000, 'x-noise') })).status).toBe(413)
    expect((await call.line.reInvite()).status).toBe(200)
    expect(await call.state()).toBe('bridged.talking')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

describe.skipIf(REAL_SERVERS)('A drachtio-server that hears nothing more over an open connection', () => {
  it('is found so by health and metric, and heard again over a new connection', async () => {
    const { drachtio } = sip.simulated
    drachtio.deafen()
    await sip.takesCalls(sip.world.node, 'drachtio')
    await sip.takesCalls()
    await goodCall()
  })
})
