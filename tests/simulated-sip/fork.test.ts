import type Mrf from 'drachtio-fsmrf'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { REAL_SERVERS, type SipServers, sipServers } from '../support/sip-servers.ts'
import { AudioFiles, loudMs } from './audio-files.ts'
import { ForkReceiver, levelPcm, loudPcm } from './fork-receiver.ts'
import { eventually, type Leg, SipApp, toldOf } from './sip-app.ts'

/*
 * mod_audio_fork, both of them, and two releases of one; with DRACHTIO_HOST and FREESWITCH_HOST set, the one that the real FreeSWITCH has.
 */

const SIMULATED = [['streaming, 1.2.22'], ['streaming, 1.2.33'], ['playAudio']]

describe.each(REAL_SERVERS ? [['real']] : SIMULATED)('mod_audio_fork (%s)', (which) => {
  let servers: SipServers
  let app: SipApp
  let files: AudioFiles
  let receiver: ForkReceiver
  let leg: Leg
  let streams: boolean

  beforeAll(async () => {
    servers = await sipServers({
      module: which === 'playAudio' ? 'playAudio' : 'streaming',
      release: which.endsWith('1.2.33') ? '1.2.33' : '1.2.22',
    })
    app = await SipApp.start(servers)
    files = await AudioFiles.serve()
    streams = await app.streams()
  })
  afterAll(async () => {
    files.stop()
    app.stop()
    await servers.stop()
  })

  beforeEach(async () => {
    receiver = await ForkReceiver.listen()
    leg = await app.answeredCall()
  })
  afterEach(async () => {
    await app.end(leg)
    receiver.stop()
  })

  const streaming = { enabled: 'true', streaming: 'true', sampleRate: '8000' } as const
  const start = (options: Partial<Mrf.ForkAudioOptions> = {}) =>
    leg.endpoint.forkAudioStart({ wsUrl: receiver.url(), bugname: 'bot', sampling: '8000', ...options })

  describe('sends', () => {
    test('what the caller says, and closes when it is stopped with a last word', async () => {
      await start()
      const fork = await receiver.newest(1)
      await toldOf(leg, 'mod_audio_fork::connect')
      expect(fork).toMatchObject({
        path: '/stream/1',
        protocol: 'audio.drachtio.org',
        authorization: undefined,
      })
      leg.call.voice.say(new Int16Array(8000).fill(8000))
      await eventually(() => expect(loudMs(samplesOf(fork.binaries))).toBeGreaterThan(900))
      await leg.endpoint.forkAudioStop('bot', 'goodbye')
      expect(await fork.closed).toBe(1000)
      expect(fork.texts.at(-1)).toBe('goodbye')
    })

    test.each([
      ['mono', '8000', 320],
      ['mixed', '8000', 320],
      ['stereo', '8000', 640],
      ['mono', '16000', 640],
      ['stereo', '16000', 1280],
    ] as const)('%s at %s Hz', async (mixType, sampling, bytes) => {
      await start({ mixType, sampling })
      const fork = await receiver.newest(1)
      await eventually(() => expect(fork.binaries.length).toBeGreaterThan(5))
      // Frames that are late come together.
      for (const { length } of fork.binaries.slice(3)) expect(length % bytes).toBe(0)
    })

    test('the metadata first, or nothing', async () => {
      await start({ metadata: { callId: 'abc' }, bidirectionalAudio: streaming })
      const glued = streams ? '' : '|true|true|8000'
      expect((await receiver.newest(1)).texts).toEqual([`{"callId":"abc"}${glued}`])
      // A fork of the same name, begun at once, is sometimes ended together with the one before.
      await start({ bugname: 'another', bidirectionalAudio: undefined })
      expect((await receiver.newest(2)).texts).toEqual(streams ? [] : ['|true|false|'])
    })

    test('metadata that its arguments cut to pieces', async () => {
      await start({ metadata: { a: "it's", b: 'x|y' }, bidirectionalAudio: streaming })
      const [text] = (await receiver.newest(1)).texts
      expect(text).toBe(streams ? '{"a":"its","b":"x' : `{"a":"its","b":"x|y"}'|true|true|8000`)
    })

    test('the credentials that the channel has', async () => {
      await leg.endpoint.set({ MOD_AUDIO_BASIC_AUTH_USERNAME: 'u', MOD_AUDIO_BASIC_AUTH_PASSWORD: 'p' })
      await start()
      expect((await receiver.newest(1)).authorization).toBe('Basic dTpw')
    })

    test('text that the app gives it, and nothing while it pauses', async () => {
      await start()
      const fork = await receiver.newest(1)
      await leg.endpoint.forkAudioSendText('bot', 'hello')
      await eventually(() => expect(fork.texts).toContain('hello'))
      await leg.endpoint.forkAudioPause('bot', false)
      await leg.endpoint.play('silence_stream://200')
      const before = fork.binaries.length
      await leg.endpoint.play('silence_stream://400')
      expect(fork.binaries).toHaveLength(before)
      await leg.endpoint.forkAudioResume('bot')
      await eventually(() => expect(fork.binaries.length).toBeGreaterThan(before))
    })
  })

  test('says by an empty frame that no more will come', async () => {
    await start()
    const fork = await receiver.newest(1)
    await leg.endpoint.api('uuid_audio_fork', `${leg.endpoint.uuid} graceful-shutdown bot`)
    await eventually(() => expect(fork.binaries.at(-1)).toHaveLength(0))
  })

  test('can do without a name', async () => {
    const { endpoint } = leg
    const command = async (rest: string) =>
      (await endpoint.api('uuid_audio_fork', `${endpoint.uuid} ${rest}`)).getBody()
    expect(await command(`start ${receiver.url()} mono 8k {"a":1}`)).toBe('+OK Success\n')
    const fork = await receiver.newest(1)
    expect(fork.texts).toEqual(['{"a":1}'])
    expect(await command('send_text {"b":2}')).toBe('+OK Success\n')
    expect(await command('stop')).toBe('+OK Success\n')
    expect(await fork.closed).toBe(1000)
    expect(fork.texts).toEqual(['{"a":1}', '{"b":2}'])
    expect(await command('nosuchword')).toBe('-ERR Operation Failed\n')
  })

  describe('keeps its name', () => {
    const refused = () => expect(start()).rejects.toThrow('-ERR Operation Failed')

    test('while it runs', async () => {
      await start()
      await refused()
      await leg.endpoint.forkAudioStop('bot')
      await expect(leg.endpoint.forkAudioStop('bot')).rejects.toThrow('-ERR Operation Failed')
    })

    test('when its socket is gone, until it is stopped', async () => {
      await start()
      const fork = await receiver.newest(1)
      fork.socket.terminate()
      expect(await toldOf(leg, 'mod_audio_fork::disconnect')).toBe('')
      await refused()
      await leg.endpoint.forkAudioStop('bot')
      await start()
      await receiver.newest(2)
    })

    test('when nothing listens, and says why', async () => {
      await start({ wsUrl: 'ws://127.0.0.1:4/x' })
      expect(await toldOf(leg, 'mod_audio_fork::connect_failed')).toEqual({ reason: 'conn fail: 111' })
      await refused()
      await leg.endpoint.forkAudioStop('bot')
    })
  })

  test('tells of a server that wants no WebSocket', async () => {
    await start({ wsUrl: files.plainUrl('/none').replace('http', 'ws') })
    const reason = 'HS: ws upgrade response not 101'
    expect(await toldOf(leg, 'mod_audio_fork::connect_failed')).toEqual({ reason })
  })

  test('passes messages on as events', async () => {
    await start()
    const { socket } = await receiver.newest(1)
    socket.send('{"type":"json","data":{"a":1}}')
    socket.send('{"type":"error"}')
    socket.send('not json')
    socket.send('{"type":"disconnect","data":{"why":"x"}}')
    expect(await toldOf(leg, 'mod_audio_fork::disconnect')).toEqual({ why: 'x' })
    expect(leg.told).toContainEqual(['mod_audio_fork::json', { type: 'json', data: { a: 1 } }])
    expect(leg.told).toContainEqual(['mod_audio_fork::error', ''])
  })

  test('ends with its channel', async () => {
    await start()
    const fork = await receiver.newest(1)
    await leg.endpoint.destroy()
    expect(await fork.closed).toBe(1000)
  })

  describe('plays', () => {
    test('what playAudio brings when the app plays the file of its event', async () => {
      await start({ bidirectionalAudio: { ...streaming, streaming: 'false' } })
      const { socket } = await receiver.newest(1)
      const data = { audioContentType: 'raw', sampleRate: 8000, textContent: 'q' }
      const audioContent = loudPcm(200).toString('base64')
      socket.send(JSON.stringify({ type: 'playAudio', data: { ...data, audioContent } }))
      const told = (await toldOf(leg, 'mod_audio_fork::play_audio')) as { file: string }
      expect(told).toMatchObject(data)
      expect(told.file).toMatch(/\.tmp\.r8$/)
      expect(await leg.endpoint.play(told.file)).toMatchObject({ playbackMilliseconds: '200' })
      await eventually(() => expect(loudMs(leg.call.voice.heard)).toBe(200))
      await leg.endpoint.forkAudioStop('bot')
      await expect(leg.endpoint.play(told.file)).rejects.toThrow('File Not Found')
    })

    test('several files in order and without a gap when each is sent with a lock', async () => {
      await start({ bidirectionalAudio: { ...streaming, streaming: 'false' } })
      const { socket } = await receiver.newest(1)
      const { endpoint } = leg
      const played: Promise<unknown>[] = []
      endpoint.on('mod_audio_fork::play_audio', ({ file }: { file: string }) => {
        endpoint.conn?.setEventLock(true)
        played.push(endpoint.execute('playback', file))
        endpoint.conn?.setEventLock(false)
      })
      for (const level of [4000, 8000, 12_000]) {
        const audioContent = levelPcm(400, level).toString('base64')
        socket.send(
          JSON.stringify({
            type: 'playAudio',
            data: { audioContentType: 'raw', sampleRate: 8000, audioContent },
          }),
        )
      }
      await toldOf(leg, 'playback-stop', 3)
      await Promise.all(played)
      const heard = Array.from(leg.call.voice.heard, (sample) => Math.round(sample / 4000))
      const speech = heard.slice(heard.indexOf(1), heard.lastIndexOf(3) + 1)
      expect([...new Set(speech)].filter(Boolean)).toEqual([1, 2, 3])
      // A frame of silence or two is where one file is closed and the next is opened; in fast time each lasts for many frames.
      if (REAL_SERVERS) expect(speech.length / 8).toBeLessThanOrEqual(1200 + 80)
    })

    test('nothing that comes as binary where it was not told to stream', async () => {
      await start({ bidirectionalAudio: { ...streaming, streaming: 'false' } })
      const { socket } = await receiver.newest(1)
      socket.send(loudPcm(1000))
      await leg.endpoint.play('silence_stream://500')
      expect(loudMs(leg.call.voice.heard)).toBe(0)
    })

    test('killAudio breaks off what plays, a whole list of it', async () => {
      await start({ bidirectionalAudio: streaming })
      const { socket } = await receiver.newest(1)
      const played = leg.endpoint.play([files.url(60_000), files.url(60_000)])
      await toldOf(leg, 'playback-start')
      socket.send('{"type":"killAudio"}')
      await toldOf(leg, 'mod_audio_fork::kill_audio')
      await played
      expect(leg.told.filter(([event]) => event === 'playback-start')).toHaveLength(1)
    })

    test('what is streamed, held back for 160 ms at first and for 80 ms later', async ({ skip }) => {
      if (!streams) skip()
      await start({ bidirectionalAudio: streaming })
      const { socket } = await receiver.newest(1)
      const stream = async (milliseconds: number) => {
        socket.send(loudPcm(milliseconds))
        await leg.endpoint.play('silence_stream://600')
      }
      const isHeard = (milliseconds: number) =>
        eventually(() => expect(loudMs(leg.call.voice.heard)).toBe(milliseconds))
      await stream(150)
      // Releases before 1.2.24, such as that of the published image, hold nothing back.
      if (which.endsWith('1.2.22') || (REAL_SERVERS && loudMs(leg.call.voice.heard) > 0)) return isHeard(150)
      await isHeard(0)
      await stream(50)
      await isHeard(200)
      await stream(60)
      await isHeard(200)
      socket.send('{"type":"killAudio"}')
      await toldOf(leg, 'mod_audio_fork::kill_audio')
      // It is done with the next frame. What was still held back comes out with the next utterance.
      await leg.endpoint.play('silence_stream://200')
      await stream(30)
      await isHeard(290)
    })

    test('nothing more of a stream after killAudio', async ({ skip }) => {
      if (!streams) skip()
      await start({ bidirectionalAudio: streaming })
      const { socket } = await receiver.newest(1)
      // Those drop the half of a sample, too, instead of waiting for the other one; the relay sends whole ones.
      const begun = loudPcm(160)
      const step = which.endsWith('1.2.33') ? 1 : 2
      for (let at = 0; at < begun.length; at += step) socket.send(begun.subarray(at, at + step))
      await eventually(() => expect(loudMs(leg.call.voice.heard)).toBe(160))
      socket.send(loudPcm(60_000))
      await eventually(() => expect(loudMs(leg.call.voice.heard)).toBeGreaterThan(300))
      socket.send('{"type":"killAudio"}')
      await toldOf(leg, 'mod_audio_fork::kill_audio')
      await leg.endpoint.play('silence_stream://200')
      const heard = loudMs(leg.call.voice.heard)
      await leg.endpoint.play('silence_stream://200')
      expect(loudMs(leg.call.voice.heard)).toBe(heard)
    })
  })
})

function samplesOf(pcm: Buffer[]): Int16Array {
  const bytes = Buffer.concat(pcm)
  return Int16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(i * 2))
}
