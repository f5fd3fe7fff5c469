import { once } from 'node:events'
import type Srf from 'drachtio-srf'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Channel } from '../support/simulated-sip/free-switch/channel.ts'
import { clockFrames, ManualFrames } from '../support/simulated-sip/free-switch/frames.ts'
import { SimulatedFreeSwitch } from '../support/simulated-sip/free-switch/simulated-free-switch.ts'
import { writeSdp } from '../support/simulated-sip/sdp.ts'
import { responseTo, type SipRequest } from '../support/simulated-sip/sip-message.ts'
import type { Respond, SipParty } from '../support/simulated-sip/sip-network.ts'
import { type SimulatedSip, startSipNetwork } from '../support/simulated-sip/start-sip-network.ts'
import { loudMs } from './audio-files.ts'
import { ForkReceiver } from './fork-receiver.ts'
import { eventually, SipApp, serversOf, toldOf } from './sip-app.ts'

/*
 * What only simulated servers can be asked for: that they fail, and that time passes by hand.
 */

const log = pino({ level: 'silent' })

let sip: SimulatedSip
let app: SipApp

async function begin(frames = clockFrames(0.05)): Promise<void> {
  sip = await startSipNetwork({ log, freeSwitch: { frames } })
  app = await SipApp.start(serversOf(sip))
}

beforeEach(() => begin())
afterEach(async () => {
  app.stop()
  await sip.stop()
})

function onlyChannel(): Channel {
  const [channel, ...others] = sip.freeSwitch.channels.values()
  if (!channel || others.length > 0) throw new Error(`There are ${sip.freeSwitch.channels.size} channels.`)
  return channel
}

describe('a drachtio-server', () => {
  test('whose connections break says 503 until the app is back', async () => {
    sip.drachtio.refusesConnections = true
    sip.drachtio.dropApps()
    await eventually(() => expect(sip.drachtio.appCount).toBe(0))
    const refused = sip.phone.invite({ from: '+15550001111', to: '100' })
    expect((await refused.final).status).toBe(503)
    sip.drachtio.refusesConnections = false
    await eventually(() => expect(sip.drachtio.appCount).toBe(1))
    // The app routes again by itself.
    await eventually(async () => expect((await sip.phone.request('OPTIONS')).status).toBe(200))
    await app.end(await app.answeredCall())
  })

  test('that is gone and comes back at the same place knows of no call', async () => {
    const leg = await app.answeredCall()
    await sip.drachtio.stop()
    expect((await sip.phone.request('OPTIONS')).status).toBe(503)
    await sip.drachtio.listen()
    await eventually(async () => expect((await sip.phone.request('OPTIONS')).status).toBe(200))
    expect((await leg.call.reInvite()).status).toBe(481)
    // An INFO could be about anything, and nobody asks for it.
    expect((await leg.call.info('1')).status).toBe(503)
    await app.mediaServer.api(`uuid_kill ${leg.endpoint.uuid}`)
    await app.end(await app.answeredCall())
  })

  test.each(['ACK timeout', 'Session timer expired'] as const)('ends a call itself: %s', async (reason) => {
    const leg = await app.answeredCall()
    const told = Promise.withResolvers<unknown>()
    leg.dialog.on('destroy', (...words: unknown[]) => told.resolve(words[1]))
    sip.drachtio.endDialog(leg.call.callId, reason)
    expect(await told.promise).toBe(reason)
    expect(await leg.call.ended).toEqual({ by: 'service', reason: `SIP ;cause=200 ;text="${reason}"` })
    await app.end(leg)
  })

  test('whose words come together tells of a BYE before anybody can listen', async () => {
    sip.drachtio.heldBackMs = 30
    const answered = Promise.withResolvers<Srf.Dialog>()
    const call = app.call((req, res) => {
      app.srf.createUAS(req, res, { localSdp: req.body }).then(answered.resolve, answered.reject)
    })
    await call.final
    await call.bye()
    expect(await answered.promise).toMatchObject({ connected: false })
  })

  test('ends what the app cancelled and somebody answered all the same', async () => {
    const ended = Promise.withResolvers<unknown>()
    const callee = new StubbornCallee()
    sip.drachtio.network.attach(callee)
    const uri = `sip:callee@${callee.address}`
    const onRequest = (_error: unknown, req: Srf.SrfRequest) => req.cancel(() => {})
    const options = { localSdp: writeSdp({ address: '127.0.0.1:4000', codecs: ['PCMU'] }) }
    const dialog = await app.srf.createUAC(uri, options, { cbRequest: onRequest as never })
    dialog.on('destroy', (...words: unknown[]) => ended.resolve(words[1]))
    expect(await ended.promise).toBe('ACK-BYE due to cancel race condition')
    expect(callee.methods).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE'])
  })

  test('keeps the dialogs of calls, and none when they are over', async () => {
    const leg = await app.answeredCall()
    // The caller's and the media server's.
    expect(sip.drachtio.dialogCount).toBe(2)
    await app.end(leg)
    await eventually(() => expect(sip.drachtio.dialogCount).toBe(0))
  })
})

describe('a phone', () => {
  test('that is called answers, talks and hangs up', async () => {
    const callee = sip.phone.answering()
    const leg = await app.answeredCall()
    const calling = callee.nextCall()
    const dialog = await app.srf.createUAC(`sip:bob@${callee.address}`, { localSdp: leg.endpoint.local.sdp })
    const second = await calling
    // The endpoint goes over from the caller to the callee.
    await leg.endpoint.modify(dialog.remote.sdp)
    await leg.endpoint.play('tone_stream://%(100,0,440)')
    expect(loudMs(second.voice.heard)).toBeGreaterThan(50)
    expect(loudMs(leg.call.voice.heard)).toBe(0)
    const ended = once(dialog, 'destroy')
    expect((await second.bye()).status).toBe(200)
    await ended
    await app.end(leg)
  })

  test('that is called may refuse', async () => {
    const callee = sip.phone.answering()
    callee.refuses = 486
    const invite = app.srf.createUAC(`sip:bob@${callee.address}`, { localSdp: 'v=0\r\n' })
    await expect(invite).rejects.toMatchObject({ status: 486 })
  })

  test('that is gone answers nothing', async () => {
    const leg = await app.answeredCall()
    leg.call.vanish()
    leg.dialog.destroy()
    await leg.endpoint.destroy()
    await eventually(() => expect(sip.drachtio.dialogCount).toBe(0))
    expect(leg.call.requests).toEqual([])
  })
})

describe('a FreeSWITCH', () => {
  test('refuses endpoints', async () => {
    sip.freeSwitch.faults.refuseInvites = 503
    await expect(app.mediaServer.createEndpoint()).rejects.toMatchObject({ status: 503 })
  })

  test('is full', async () => {
    const second = new SimulatedFreeSwitch({
      log,
      network: sip.drachtio.network,
      sipAddress: '127.0.0.1:5082',
      maxSessions: 0,
    })
    await second.listen()
    const other = await SipApp.start(serversOf({ ...sip, freeSwitch: second }))
    await expect(other.mediaServer.createEndpoint()).rejects.toMatchObject({ status: 503 })
    other.stop()
    await second.stop()
  })

  test('is slow to answer and to call the app', async () => {
    Object.assign(sip.freeSwitch.faults, { answerDelayMs: 60, socketDelayMs: 60 })
    const began = performance.now()
    const leg = await app.answeredCall()
    expect(performance.now() - began).toBeGreaterThan(100)
    await app.end(leg)
  })

  test('fails one command of a kind', async () => {
    sip.freeSwitch.faults.failNextApi('uuid_break')
    expect(await app.mediaServer.api('uuid_break x')).toBe('-ERR Operation Failed\n')
    expect(await app.mediaServer.api('uuid_break x')).toBe('-ERR No such channel!\n')
  })

  test('tells how many sessions it has', async () => {
    const leg = await app.answeredCall()
    sip.freeSwitch.heartbeat()
    await eventually(() => expect(app.mediaServer.currentSessions).toBe(1))
    expect(app.mediaServer.maxSessions).toBe(1200)
    await app.end(leg)
  })

  test('whose event socket breaks is connected again', async () => {
    const ready = new Promise<void>((resolve) => app.mediaServer.conn.on('esl::ready', resolve))
    const ended = once(app.mediaServer, 'end')
    sip.freeSwitch.dropEventSockets('inbound')
    await ended
    await ready
    expect(await app.mediaServer.api('uuid_exists x')).toBe('false')
  })

  test('dies with its calls, says nothing, and comes back at the same place', async () => {
    const leg = await app.answeredCall()
    await sip.freeSwitch.kill()
    expect(await toldOf(leg, 'destroy')).toBeUndefined()
    expect(leg.call.isOver).toBe(false)
    leg.dialog.destroy()
    await leg.call.ended
    await sip.freeSwitch.listen()
    await eventually(() => expect(app.mediaServer.connected()).toBe(true))
    await app.end(await app.answeredCall())
  })

  test('hangs up without telling why', async () => {
    sip.freeSwitch.faults.hidesHangUps = true
    const leg = await app.answeredCall()
    await app.mediaServer.api(`uuid_kill ${leg.endpoint.uuid}`)
    expect(await toldOf(leg, 'destroy')).toBeUndefined()
    await app.end(leg)
  })

  test('sends frames of a fork together, and loses its socket', async () => {
    sip.freeSwitch.faults.coalescedFrames = 3
    const receiver = await ForkReceiver.listen()
    const leg = await app.answeredCall()
    await leg.endpoint.forkAudioStart({ wsUrl: receiver.url(), bugname: 'bot' })
    expect((await receiver.newest(1)).binaries[0]).toHaveLength(3 * 320)
    onlyChannel().forks.get('bot')?.drop()
    expect(await toldOf(leg, 'mod_audio_fork::disconnect')).toBe('')
    await app.end(leg)
    receiver.stop()
  })
})

describe('time by hand', () => {
  test('passes only when it is told to', async () => {
    app.stop()
    await sip.stop()
    const frames = new ManualFrames()
    await begin(frames)
    const leg = await app.answeredCall()
    const played = leg.endpoint.play('tone_stream://%(100,0,440)')
    await toldOf(leg, 'playback-start')
    expect(leg.call.voice.heardFrames).toBe(0)
    await frames.advance(60)
    expect(leg.call.voice.heardFrames).toBe(3)
    await frames.advance(60)
    expect(await played).toMatchObject({ playbackMilliseconds: '100' })
    await app.end(leg)
  })
})

/** Answers an INVITE only when it is cancelled: its 200 and the CANCEL cross. */
class StubbornCallee implements SipParty {
  readonly address = '127.0.0.1:7000'
  readonly methods: string[] = []
  #answer = () => {}

  receive(request: SipRequest, _source: string, respond: Respond): void {
    const { method } = request
    this.methods.push(method)
    const headers = { Contact: `<sip:callee@${this.address}>` }
    const body = writeSdp({ address: '127.0.0.1:4002', codecs: ['PCMU'] })
    if (method === 'INVITE')
      this.#answer = () => respond(responseTo(request, 200, { toTag: 'b', headers, body }))
    else if (method !== 'ACK') respond(responseTo(request, 200))
    if (method === 'CANCEL') this.#answer()
  }
}
