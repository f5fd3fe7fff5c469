import { connect } from 'node:net'
import OpenAI from 'openai'
import type { ClientEvent, ServerEvent } from 'openai/resources/live/live'
import { LiveWS } from 'openai/resources/live/ws'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import type { SimulatedOpenAi } from '../../src/simulator/openai/start-openai.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { until } from '../support/until.ts'
import { API_KEY, LIVE_MODEL, start } from './simulator.ts'

/* The vendor's own client of the Live API is at home with the simulated vendor. */

type Type = ServerEvent['type']
type EventOf<T extends Type> = Extract<ServerEvent, { type: T }>

const SESSION = {
  model: LIVE_MODEL,
  audio: { format: { type: 'audio/pcmu' as const, rate: 8000 }, output: { voice: 'cedar' as const } },
}

let vendor: SimulatedOpenAi
beforeEach(async () => {
  vendor = await start()
  onTestFinished(() => vendor.stop())
})

class SdkClient {
  readonly events: ServerEvent[] = []
  readonly errors: string[] = []
  readonly socket: LiveWS

  constructor(apiKey = API_KEY) {
    const client = new OpenAI({ apiKey, baseURL: `${vendor.url}/v1` })
    this.socket = new LiveWS(client)
    this.socket.on('event', (event) => this.events.push(event))
    this.socket.on('error', (error) => this.errors.push(error.error?.error.code ?? error.message))
    onTestFinished(() => this.socket.close())
  }

  all<T extends Type>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type)
  }

  async sees<T extends Type>(type: T, number = 1): Promise<EventOf<T>> {
    return until(`event ${number} of the type ${type}`, () => this.all(type)[number - 1])
  }

  async begins(): Promise<this> {
    this.socket.send({ type: 'session.start', session: SESSION })
    await this.sees('session.started')
    return this
  }

  sound(milliseconds: number, isLoud: boolean): void {
    const samples = Int16Array.from({ length: milliseconds * 8 }, (_, at) =>
      isLoud ? 9_000 * Math.sin(at / 4) : 0,
    )
    const audio = encodeMuLaw(samples)
    for (let at = 0; at < audio.length; at += 160)
      this.socket.send({
        type: 'session.input_audio.append',
        audio: audio.subarray(at, at + 160).toString('base64'),
      })
  }

  words(side: 'input' | 'output'): string {
    return this.all(`session.${side}_transcript.delta`)
      .map(({ delta }) => delta)
      .join('')
  }
}

const comment = (content: string): ClientEvent => ({
  type: 'session.commentary.append',
  event_id: 'mine',
  content,
  delegation_id: null,
})

describe('a session of the Live API', () => {
  test('is begun by the first message, and shows what it was begun with', async () => {
    const sdk = await new SdkClient().begins()
    const { session } = await sdk.sees('session.started')
    expect(session).toMatchObject({ ...SESSION, id: expect.stringMatching(/^live_/), status: 'active' })
    expect(session.expires_at * 1000).toBeGreaterThan(Date.now())
  })

  test('says what it is to say, in the time that it takes, with the words along', async () => {
    const sdk = await new SdkClient().begins()
    sdk.socket.send(comment('We have shoes.'))
    expect(await sdk.sees('session.commentary.appended')).toMatchObject({ client_event_id: 'mine' })
    const speech = speak('We have shoes.', 'cedar')
    const spoken = () =>
      Buffer.concat(sdk.all('session.output_audio.delta').map(({ delta }) => Buffer.from(delta, 'base64')))
    await until('all of it is said', () => spoken().length >= speech.length)
    expect(spoken().equals(speech)).toBe(true)
    expect(sdk.words('output')).toBe('We have shoes.')
    const times = sdk.all('session.output_transcript.delta').map(({ start_ms, end_ms }) => end_ms - start_ms)
    expect(times.reduce((sum, ms) => sum + ms)).toBeCloseTo(speech.length / 8, -2)
  })

  test('hears while it speaks, yields to the caller, and answers', async () => {
    const sdk = await new SdkClient().begins()
    sdk.socket.send(comment(DEMO_SCRIPT.replies[2] ?? ''))
    await sdk.sees('session.output_audio.delta')
    sdk.sound(600, true)
    sdk.sound(800, false)
    await sdk.sees('session.input_transcript.delta')
    expect(sdk.words('input')).toContain('0.6 s')
    await until('it answers', () => sdk.words('output').endsWith(DEMO_SCRIPT.replies[0] ?? '?'))
    expect(sdk.words('output')).not.toContain(DEMO_SCRIPT.replies[2])
  })

  test('refuses what it does not know, and goes on', async () => {
    const sdk = new SdkClient()
    sdk.socket.send(comment('Too early.'))
    sdk.socket.send({ type: 'session.start', session: { ...SESSION, model: 'parrot-1' } })
    sdk.socket.send({
      type: 'session.start',
      session: { ...SESSION, audio: { output: { voice: 'parrot' } } },
    })
    sdk.socket.send({ type: 'session.start', session: { ...SESSION, temperature: 1 } as typeof SESSION })
    await sdk.begins()
    sdk.socket.send({ type: 'session.start', session: SESSION })
    sdk.socket.send(comment('x'.repeat(2_001)))
    const { delegation_id, ...incomplete } = comment('x') as Extract<ClientEvent, { delegation_id: unknown }>
    expect(delegation_id).toBeNull()
    sdk.socket.send(incomplete as ClientEvent)
    await until('all is refused', () => sdk.errors.length === 7)
    expect(sdk.errors).toEqual([
      'session_not_started',
      'model_not_found',
      'invalid_value',
      'unknown_parameter',
      'session_already_started',
      'invalid_value',
      'missing_required_parameter',
    ])
    sdk.socket.send({ type: 'session.input_audio.mute' })
    expect(await sdk.sees('session.input_audio.muted')).toBeDefined()
  })

  test('is closed when it is asked to, and when its time is over', async () => {
    const first = await new SdkClient().begins()
    first.socket.send({ type: 'session.close' })
    expect(await first.sees('session.closed')).toMatchObject({ reason: 'close_requested' })
    vendor.sessionMs = 2_000
    const second = await new SdkClient().begins()
    expect(await second.sees('session.closed')).toMatchObject({ reason: 'expired' })
  })

  test('is not for a wrong key, nor for a model in the address', async () => {
    const stranger = new SdkClient('sk-wrong')
    await until('it is refused', () => stranger.errors.some((words) => words.includes('401')))
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(Number(new URL(vendor.url).port), '127.0.0.1', () => {
        const lines = ['GET /v1/live/sessions?model=gpt-live-1 HTTP/1.1', 'Host: x', 'Connection: Upgrade']
        const more = ['Upgrade: websocket', `Authorization: Bearer ${API_KEY}`, '', '']
        socket.write([...lines, ...more].join('\r\n'))
      })
      socket.once('data', (data) => resolve(data.toString()))
    })
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })
})
