import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SipServers, sipServers } from '../support/sip-servers.ts'
import { AudioFiles, loudMs } from './audio-files.ts'
import { eventually, type Leg, SipApp, toldOf } from './sip-app.ts'

/*
 * What FreeSWITCH plays, and how it tells of it; with DRACHTIO_HOST and FREESWITCH_HOST set, a real one.
 */

let servers: SipServers
let app: SipApp
let files: AudioFiles

beforeAll(async () => {
  servers = await sipServers()
  app = await SipApp.start(servers)
  files = await AudioFiles.serve()
})
afterAll(async () => {
  files.stop()
  app.stop()
  await servers.stop()
})

/** A query makes a file one that FreeSWITCH has not fetched before. */
let fresh = Date.now()
const unheardOf = () => `?${fresh++}`

const breakOff = async ({ endpoint }: Leg, how = '') =>
  (await endpoint.api('uuid_break', `${endpoint.uuid}${how}`)).getBody()

describe('a file of an HTTP server', () => {
  test('is heard as long as it is, and told of', async () => {
    const leg = await app.answeredCall()
    const file = files.url(300, unheardOf())
    expect(await leg.endpoint.play(file)).toEqual({
      playbackSeconds: '0',
      playbackMilliseconds: '300',
      playbackLastOffsetPos: '2400',
    })
    expect(leg.told.slice(-2)).toEqual([
      ['playback-start', { file }],
      ['playback-stop', { file }],
    ])
    await eventually(() => expect(loudMs(leg.call.voice.heard)).toBe(300))
    await app.end(leg)
  })

  test('is fetched twice the first time, unless it is asked not to, and then no more', async () => {
    const leg = await app.answeredCall()
    const query = unheardOf()
    for (let times = 0; times < 2; times++) await leg.endpoint.play(files.plainUrl(`/100.wav${query}`))
    const other = unheardOf()
    for (let times = 0; times < 2; times++) await leg.endpoint.play(files.url(100, other))
    expect(files.requests.filter((path) => path.endsWith(query))).toHaveLength(2)
    expect(files.requests.filter((path) => path.endsWith(other))).toHaveLength(1)
    await app.end(leg)
  })

  test('that is not there is not found', async () => {
    const leg = await app.answeredCall()
    await expect(leg.endpoint.play(files.plainUrl('/none.wav'))).rejects.toThrow('File Not Found')
    await expect(leg.endpoint.play('/nowhere/none.wav')).rejects.toThrow('File Not Found')
    await expect(leg.endpoint.play('http_cache://none')).rejects.toThrow('File Not Found')
    await app.end(leg)
  })

  test('can be begun in its middle', async () => {
    const leg = await app.answeredCall()
    const result = await leg.endpoint.play({ file: files.url(300), seekOffset: 800 })
    expect(result).toMatchObject({ playbackMilliseconds: '200', playbackLastOffsetPos: '2400' })
    await app.end(leg)
  })
})

describe('several files', () => {
  test('are played in line, and the place is counted through all of them', async () => {
    const leg = await app.answeredCall()
    const list = [files.url(300), files.plainUrl('/none.wav'), files.url(200)]
    const result = await leg.endpoint.play(list)
    expect(result).toMatchObject({ playbackMilliseconds: '200', playbackLastOffsetPos: '4000' })
    await eventually(() => expect(loudMs(leg.call.voice.heard)).toBe(500))
    await app.end(leg)
  })

  test.each(['', ' all'])('lose only the one that is heard to uuid_break%s', async (how) => {
    const leg = await app.answeredCall()
    const played = leg.endpoint.play([files.url(60_000), files.url(200)])
    await toldOf(leg, 'playback-start')
    expect(await breakOff(leg, how)).toBe('+OK\n')
    expect(await played).toMatchObject({ playbackMilliseconds: '200' })
    await app.end(leg)
  })
})

describe('a playback', () => {
  test('is broken off at once, and tells how far it got by its offset alone', async () => {
    const leg = await app.answeredCall()
    const played = leg.endpoint.play(files.url(60_000))
    await eventually(() => expect(loudMs(leg.call.voice.heard)).toBeGreaterThan(100))
    await breakOff(leg)
    const { playbackMilliseconds, playbackLastOffsetPos } = await played
    const heardMs = Number(playbackLastOffsetPos) / 8
    expect(heardMs).toBeLessThan(60_000)
    // Files are read two seconds at a time.
    expect(Number(playbackMilliseconds) % 2048).toBe(0)
    expect(Number(playbackMilliseconds)).toBeGreaterThan(heardMs)
    await app.end(leg)
  })

  test('is not broken off by what was said before it began', async () => {
    const leg = await app.answeredCall()
    expect(await breakOff(leg)).toBe('+OK\n')
    expect(await leg.endpoint.play(files.url(200))).toMatchObject({ playbackLastOffsetPos: '1600' })
    await app.end(leg)
  })

  test('that comes while another plays is heard inside of it', async () => {
    const leg = await app.answeredCall()
    const order: string[] = []
    const outer = leg.endpoint.play(files.url(60_000)).then(() => order.push('outer'))
    await toldOf(leg, 'playback-start')
    const inner = leg.endpoint.play(files.url(59_000)).then(() => order.push('inner'))
    await toldOf(leg, 'playback-start', 2)
    const set = await leg.endpoint.execute('set', 'a=b')
    order.push(set.getHeader('Application') ?? '')
    await breakOff(leg)
    await inner
    await breakOff(leg)
    await outer
    expect(order).toEqual(['set', 'inner', 'outer'])
    expect(leg.told.at(-1)).toEqual(['playback-stop', { file: files.url(60_000) }])
    await app.end(leg)
  })

  test('that is sent with a lock lets the next one wait, and uuid_break all makes it wait in vain', async () => {
    const leg = await app.answeredCall()
    leg.endpoint.conn?.setEventLock(true)
    const order: string[] = []
    const first = leg.endpoint.play(files.url(2000)).then(() => order.push('first'))
    leg.endpoint.play(files.url(500)).then(() => order.push('second'))
    await eventually(() => expect(order).toEqual(['first', 'second']))
    const last = leg.endpoint.play(files.url(60_000))
    leg.endpoint.play(files.url(500)).then(() => order.push('dropped'))
    await toldOf(leg, 'playback-start', 3)
    await breakOff(leg, ' all')
    await Promise.all([first, last])
    leg.endpoint.conn?.setEventLock(false)
    await leg.endpoint.play('silence_stream://600')
    expect(order).toEqual(['first', 'second'])
    await app.end(leg)
  })

  test('of tones and of silence lasts as long as it says', async () => {
    const leg = await app.answeredCall()
    expect(await leg.endpoint.play('tone_stream://%(100,50,440);loops=2')).toMatchObject({
      playbackMilliseconds: '300',
    })
    const before = leg.call.voice.heardFrames
    await leg.endpoint.play('silence_stream://1000')
    expect(leg.call.voice.heardFrames - before).toBeGreaterThan(45)
    await eventually(() => expect(loudMs(leg.call.voice.heard)).toBeGreaterThan(100))
    await app.end(leg)
  })
})
