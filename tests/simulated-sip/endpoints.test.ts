import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SipServers, sipServers } from '../support/sip-servers.ts'
import { eventually, SipApp, toldOf } from './sip-app.ts'

/*
 * What drachtio-fsmrf sees of a FreeSWITCH; with DRACHTIO_HOST and FREESWITCH_HOST set, of a real one.
 */

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

describe('an endpoint', () => {
  test('has the sessions of both sides, and variables that can be set', async () => {
    const leg = await app.answeredCall()
    const { local, remote, sip, dtmfType } = leg.endpoint
    expect([remote.sdp, remote.mediaIp, remote.mediaPort].join(' ')).toContain(
      leg.call.rtpAddress.split(':')[1],
    )
    expect(local.sdp).toContain(`m=audio ${local.mediaPort} RTP/AVP 0 101`)
    expect(dtmfType).toBe('rfc2833')
    await leg.endpoint.set({ one: '1', two: '2' })
    const variables = await leg.endpoint.getChannelVariables()
    expect(variables).toMatchObject({
      variable_one: '1',
      variable_two: '2',
      variable_sip_call_id: sip.callId,
      variable_send_silence_when_idle: '-1',
      'Channel-Call-State': 'ACTIVE',
    })
    await app.end(leg)
  })

  test('hears keys as RFC 4733 sends them', async () => {
    const leg = await app.answeredCall()
    // Events are subscribed to and not waited for; what is answered by one shows that they come.
    await leg.endpoint.execute('set', 'a=b')
    leg.call.voice.press('5#')
    await toldOf(leg, 'dtmf', 2)
    expect(leg.told.filter(([event]) => event === 'dtmf').map(([, key]) => key)).toEqual([
      { dtmf: '5', duration: '800', source: 'RTP' },
      { dtmf: '#', duration: '800', source: 'RTP' },
    ])
    await app.end(leg)
  })

  test('cannot be told to do what there is not', async () => {
    const leg = await app.answeredCall()
    const { uuid } = leg.endpoint
    expect(await app.mediaServer.api('nosuchcommand')).toBe('-ERR nosuchcommand Command not found!\n')
    expect(await app.mediaServer.api('uuid_break nosuch')).toBe('-ERR No such channel!\n')
    expect(await app.mediaServer.api('uuid_exists nosuch')).toBe('false')
    expect(await app.mediaServer.api(`uuid_exists ${uuid}`)).toBe('true')
    await app.end(leg)
  })
})

/** How an endpoint ends; whether it still hears why is a race in FreeSWITCH. */
describe('an endpoint ends', () => {
  test('when the app destroys it', async () => {
    const leg = await app.answeredCall()
    await leg.endpoint.destroy()
    await eventually(() => expect(leg.endpoint.conn).toBeNull())
    await expect(leg.endpoint.play('silence_stream://100')).rejects.toThrow('endpoint no longer active')
    await app.end(leg)
  })

  test('when FreeSWITCH is told to kill it', async () => {
    const leg = await app.answeredCall()
    expect(await app.mediaServer.api(`uuid_kill ${leg.endpoint.uuid}`)).toBe('+OK\n')
    expect([undefined, { reason: 'NORMAL_CLEARING' }]).toContainEqual(await toldOf(leg, 'destroy'))
    await app.end(leg)
  })

  test('with the cause that an application gives', async () => {
    const leg = await app.answeredCall()
    leg.endpoint.execute('hangup', 'USER_BUSY')
    expect([undefined, { reason: 'USER_BUSY' }]).toContainEqual(await toldOf(leg, 'destroy'))
    await app.end(leg)
  })

  test('when an application is asked for that there is not', async () => {
    const leg = await app.answeredCall()
    leg.endpoint.execute('nosuchapp', 'x')
    expect([undefined, { reason: 'DESTINATION_OUT_OF_ORDER' }]).toContainEqual(await toldOf(leg, 'destroy'))
    await app.end(leg)
  })

  test('with a BYE in its own dialog', async () => {
    const leg = await app.answeredCall()
    leg.endpoint.dialog?.destroy()
    expect([undefined, { reason: 'NORMAL_CLEARING' }]).toContainEqual(await toldOf(leg, 'destroy'))
    await app.end(leg)
  })

  test('when the app’s end of its event socket is gone', async () => {
    const leg = await app.answeredCall()
    const { uuid, conn } = leg.endpoint
    conn?.socket?.destroy()
    await eventually(async () => expect(await app.mediaServer.api(`uuid_exists ${uuid}`)).toBe('false'))
    await app.end(leg)
  })

  test('while it plays; whether the end of the playing is still told is a race, too', async () => {
    const leg = await app.answeredCall()
    leg.endpoint.play('silence_stream://60000')
    await toldOf(leg, 'playback-start')
    await leg.endpoint.destroy()
    await eventually(() => expect(leg.endpoint.conn).toBeNull())
    await app.end(leg)
  })

  test('when nothing comes from the caller any more, not even silence', async () => {
    const leg = await app.answeredCall()
    await leg.endpoint.set('media_timeout', '2000')
    await leg.endpoint.modify(leg.call.sdp)
    leg.call.vanish()
    expect([undefined, { reason: 'MEDIA_TIMEOUT' }]).toContainEqual(await toldOf(leg, 'destroy'))
    // Nobody is there to answer the BYE.
    leg.dialog.destroy()
  })

  test('but not because the caller’s dialog does', async () => {
    const leg = await app.answeredCall()
    await leg.call.bye()
    await toldOf(leg, 'dialog destroy')
    expect(await app.mediaServer.api(`uuid_exists ${leg.endpoint.uuid}`)).toBe('true')
    await app.end(leg)
  })
})
