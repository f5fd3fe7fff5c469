import type { Socket } from 'node:net'
import type Srf from 'drachtio-srf'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withTimeout } from '../../src/runtime/with-timeout.ts'
import type { SipCall } from '../support/simulated-sip/phone/sip-call.ts'
import { type SipServers, sipServers } from '../support/sip-servers.ts'
import { connectedSrf, eventually, SipApp, toldOf } from './sip-app.ts'

/*
 * What drachtio-srf sees of a drachtio-server. With DRACHTIO_HOST and FREESWITCH_HOST set, the same is asked of real
 * servers: so the simulated ones are known to be like them.
 */

const SDP =
  'v=0\r\no=a 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n'

/** So long an answer is waited for that may never come. */
const ANSWER_MS = 500

let servers: SipServers
let app: SipApp

beforeAll(async () => {
  servers = await sipServers()
  app = await SipApp.start(servers)
})
afterAll(async () => {
  app.stop()
  await servers.stop()
})

describe('an INVITE', () => {
  test('comes to the app with who calls and from where', async () => {
    const leg = await app.answeredCall({ headers: { 'X-Trunk': 'a trunk' } })
    expect(leg.req).toMatchObject({
      method: 'INVITE',
      source: 'network',
      source_address: '127.0.0.1',
      protocol: 'udp',
      callingNumber: '+15550001111',
      calledNumber: '100',
      isNewInvite: true,
    })
    expect(leg.req.get('X-Trunk')).toBe('a trunk')
    expect(leg.call.responses.map(({ status }) => status)).toEqual([100, 200])
    await app.end(leg)
  })

  test('is answered with what the app says, and with a Contact and a tag of the server', async () => {
    const leg = await app.answeredCall()
    const { headers, body } = await leg.call.final
    expect(headers.fields.map(([name]) => name)).toEqual([
      'Via',
      'From',
      'To',
      'Call-ID',
      'CSeq',
      'Contact',
      'Content-Type',
      'Content-Length',
    ])
    expect(headers.get('To')).toMatch(/;tag=\w+/)
    expect(body).toBe(leg.endpoint.local.sdp)
    expect(leg.dialog.sip.callId).toBe(leg.call.callId)
    await app.end(leg)
  })

  test('rings, and can be refused with a header', async () => {
    const call = app.call((_req, res) => {
      res.send(180)
      res.send(503, { headers: { 'Retry-After': '10' } })
    })
    const { status, reason, headers } = await call.final
    expect([status, reason, headers.get('Retry-After')]).toEqual([503, 'Service Unavailable', '10'])
    expect(call.responses.map((response) => response.status)).toEqual([100, 180, 503])
  })

  test('is challenged, and comes again with an answer to the challenge', async () => {
    const challenge = 'Digest realm="here", nonce="abc", algorithm=MD5, qop="auth"'
    const answers: string[] = []
    const call = app.call((_req, res) => res.send(407, { headers: { 'Proxy-Authenticate': challenge } }), {
      credentials: { username: 'alice', password: 'secret' },
    })
    app.expect((req, res) => {
      answers.push(req.get('Proxy-Authorization'))
      res.send(486)
    })
    expect((await call.final).status).toBe(486)
    expect(answers[0]).toMatch(/^Digest username="alice", realm="here", nonce="abc", uri="sip:100@.*qop=auth/)
  })

  test('without an offer is answered with one, and the ACK brings the answer', async () => {
    const heard = Promise.withResolvers<string>()
    const call = app.call(
      async (req, res) => {
        const endpoint = await app.mediaServer.createEndpoint()
        const dialog = await app.srf.createUAS(req, res, { localSdp: endpoint.local.sdp })
        dialog.on('ack', async (ack) => {
          await endpoint.modify(ack.body)
          await endpoint.play('tone_stream://%(200,0,440)')
          heard.resolve(ack.body)
          await endpoint.destroy()
          dialog.destroy()
        })
      },
      { sdp: null },
    )
    expect((await call.final).body).toContain('m=audio')
    expect(await heard.promise).toBe(call.sdp)
    await call.ended
    expect(call.voice.heard.some((sample) => sample !== 0)).toBe(true)
  })
})

describe('a CANCEL', () => {
  test('before any response ends the call, and what the app says afterwards is not sent', async () => {
    const cancelled = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const refused = Promise.withResolvers<unknown>()
    const call = app.call((req, res) => {
      req.on('cancel', () => {
        cancelled.resolve()
        res.send(200, 'OK', { body: SDP }, refused.resolve)
      })
      asked.resolve()
    })
    await asked.promise
    expect((await call.cancel()).status).toBe(200)
    expect((await call.final).status).toBe(487)
    await cancelled.promise
    expect(await refused.promise).toBe('Response not sent due to unknown transaction')
  })

  test('while it rings ends the call', async () => {
    const cancelled = Promise.withResolvers<void>()
    const call = app.call((req, res) => {
      req.on('cancel', () => cancelled.resolve())
      res.send(180)
    })
    await call.response(180)
    expect((await call.cancel()).status).toBe(200)
    expect((await call.final).status).toBe(487)
    await cancelled.promise
  })

  test('after the answer comes too late: the call goes on until somebody says BYE', async () => {
    const answered = Promise.withResolvers<Srf.Dialog>()
    const call = app.call(
      (req, res) => app.srf.createUAS(req, res, { localSdp: SDP }).then(answered.resolve, answered.reject),
      { withholdsAck: true },
    )
    await call.final
    expect((await call.cancel()).status).toBe(481)
    call.ack()
    expect((await call.bye()).status).toBe(200)
    // A BYE that comes at once may be before whoever wants to hear of it; the dialog knows all the same.
    const dialog = await answered.promise
    await eventually(() => expect(dialog).toMatchObject({ connected: false }))
  })
})

describe('in a call', () => {
  test('the caller says BYE', async () => {
    const leg = await app.answeredCall()
    expect((await leg.call.bye()).status).toBe(200)
    await toldOf(leg, 'dialog destroy')
    await app.end(leg)
  })

  test('the service says BYE', async () => {
    const leg = await app.answeredCall()
    leg.dialog.destroy({ headers: { Reason: 'Q.850;cause=16' } })
    expect(await leg.call.ended).toEqual({ by: 'service', reason: 'Q.850;cause=16' })
    await app.end(leg)
  })

  test('what nobody listens to is answered by the library', async () => {
    const leg = await app.answeredCall()
    expect((await leg.call.info('7')).status).toBe(200)
    expect((await leg.call.options()).status).toBe(200)
    expect((await leg.call.hold()).body).toBe(leg.endpoint.local.sdp)
    expect((await leg.call.unhold()).status).toBe(200)
    await app.end(leg)
  })

  test('INFO, REFER and NOTIFY pass in both directions', async () => {
    const leg = await app.answeredCall()
    const bodies: string[] = []
    leg.dialog.on('info', (req, res) => {
      bodies.push(req.body)
      res.send(200)
    })
    leg.dialog.on('refer', (req, res) => {
      bodies.push(req.get('Refer-To'))
      res.send(202)
    })
    expect((await leg.call.info('7')).status).toBe(200)
    expect((await leg.call.refer('sip:200@127.0.0.1')).status).toBe(202)
    expect(bodies).toEqual(['Signal=7\r\nDuration=160\r\n', '<sip:200@127.0.0.1>'])
    const headers = { Event: 'refer', 'Content-Type': 'message/sipfrag' }
    const notify = { method: 'NOTIFY', headers, body: 'SIP/2.0 200 OK' }
    await request(app.srf, { ...notify, stackDialogId: idOf(leg.dialog) })
    await eventually(() => expect(leg.call.requests).toHaveLength(1))
    expect(leg.call.requests.map(({ method, body }) => [method, body])).toEqual([
      ['NOTIFY', 'SIP/2.0 200 OK'],
    ])
    await app.end(leg)
  })

  test('a re-INVITE of the caller is passed on to the endpoint, which answers the hold', async () => {
    const leg = await app.answeredCall()
    leg.dialog.on('modify', async (req, res) => {
      await leg.endpoint.modify(req.body)
      res.send(200, { body: leg.endpoint.local.sdp })
    })
    expect((await leg.call.hold()).body).toContain('a=recvonly')
    expect((await leg.call.unhold()).body).toContain('a=sendrecv')
    await app.end(leg)
  })

  test('a session that is to be refreshed is agreed on by the server, and refreshed without the app', async () => {
    const leg = await app.answeredCall({ headers: { 'Session-Expires': '1800;refresher=uac' } })
    expect((await leg.call.final).headers.get('Session-Expires')).toBe('1800;refresher=uac')
    const refreshed = new Promise((resolve) => leg.dialog.on('refresh', resolve))
    expect((await leg.call.reInvite({ sdp: leg.call.sdp })).body).toBe(leg.endpoint.local.sdp)
    await refreshed
    await app.end(leg)
  })

  test('a session of less than a minute and a half is too short', async () => {
    const leg = await app.answeredCall()
    const refusal = await leg.call.request('INVITE', {
      headers: { 'Session-Expires': '30' },
      body: leg.call.sdp,
    })
    expect([refusal.status, refusal.headers.get('Min-SE')]).toEqual([422, '90'])
    await app.end(leg)
  })

  test('a re-INVITE of the service is answered by the caller', async () => {
    const leg = await app.answeredCall()
    expect(await leg.dialog.modify(leg.dialog.local.sdp)).toContain('m=audio')
    expect(leg.call.requests.map(({ method }) => method)).toEqual(['INVITE'])
    await app.end(leg)
  })
})

describe('outside of a call', () => {
  test('OPTIONS come to the app that asks for them; what nobody asks for is answered with 503', async () => {
    expect((await app.phone.request('OPTIONS')).status).toBe(200)
    expect((await app.phone.request('MESSAGE')).status).toBe(503)
  })

  test('a BYE in no dialog is refused', async () => {
    expect((await app.phone.request('BYE')).status).toBe(481)
  })

  test('an INVITE to where nobody is, or to a media server that lets us not in, fails', async () => {
    const invite = (uri: string) => app.srf.createUAC(uri, { localSdp: SDP })
    await expect(invite('sip:x@127.0.0.1:4')).rejects.toMatchObject({ status: 503 })
    const mediaServer = app.mediaServer.sip.ipv4.udp.address
    await expect(invite(`sip:x@${mediaServer}`)).rejects.toMatchObject({ status: 403 })
  })
})

describe('an app', () => {
  test('with a wrong secret is not let in', async () => {
    await expect(connectedSrf(servers, 'wrong')).rejects.toThrow('failed to authenticate to server')
  })

  test('that lost its connection hears no more of its calls, and another app may end them', async () => {
    const lost = await connectedSrf(servers)
    const dialogs: Srf.Dialog[] = []
    lost.invite(async (req, res) => dialogs.push(await lost.createUAS(req, res, { localSdp: SDP })))
    const call = await callAnswered()
    await eventually(() => expect(dialogs).toHaveLength(1))
    socketOf(lost).destroy()
    // One that comes before the server has noticed is answered by nobody.
    const asked = () => withTimeout(ANSWER_MS, call.info('1'), 'the INFO is not answered')
    await eventually(async () => expect((await asked()).status).toBe(481))
    await request(app.srf, { method: 'BYE', stackDialogId: idOf(dialogs[0]) })
    expect((await call.ended).by).toBe('service')
    await eventually(() => expect(socketOf(lost)).toBeDefined())
    lost.disconnect()
  })
})

/** Apps get the calls in turn; ours is busy when none is expected. */
async function callAnswered(): Promise<SipCall> {
  const call = app.phone.invite({ from: '+15550001111', to: '100' })
  return (await call.final).status === 200 ? call : callAnswered()
}

/** What the types of drachtio-srf leave out. */
type Agent = { _app: { client: { mapServer: Map<Socket, unknown> } } }
type RequestOptions = {
  method: string
  headers?: Record<string, string>
  body?: string
  stackDialogId?: string
}
type Requests = { request: (uri: string, options: RequestOptions) => Promise<unknown> }

function socketOf(srf: Srf): Socket {
  const { client } = (srf as unknown as Agent)._app
  return client.mapServer.keys().next().value as Socket
}

function idOf(dialog: Srf.Dialog | undefined): string {
  return (dialog as unknown as { id: string }).id
}

function request(srf: Srf, options: RequestOptions): Promise<unknown> {
  return (srf as unknown as Requests).request('sip:placeholder', options)
}
