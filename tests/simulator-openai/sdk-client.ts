import { connect } from 'node:net'
import OpenAI from 'openai'
import { OpenAIRealtimeWS } from 'openai/realtime/ws'
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { onTestFinished } from 'vitest'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import type { SimulatedOpenAi } from '../../src/simulator/openai/start-openai.ts'
import { until } from '../support/until.ts'
import { API_KEY, MODEL } from './simulator.ts'

type Type = RealtimeServerEvent['type']
type EventOf<T extends Type> = Extract<RealtimeServerEvent, { type: T }>

const VOWEL = (milliseconds: number) =>
  encodeMuLaw(Int16Array.from({ length: milliseconds * 8 }, (_, i) => 9_000 * Math.sin(i / 4)))
const SILENCE = (milliseconds: number) => Buffer.alloc(milliseconds * 8, 0xff)

export const TELEPHONE = {
  type: 'realtime' as const,
  audio: {
    input: {
      format: { type: 'audio/pcmu' as const },
      transcription: { model: 'gpt-realtime-whisper' as const },
    },
    output: { format: { type: 'audio/pcmu' as const } },
  },
}

/** The vendor's own client, in a session with the simulated vendor; it keeps all events. */
export class SdkClient {
  readonly events: RealtimeServerEvent[] = []
  readonly errors: string[] = []
  readonly socket: OpenAIRealtimeWS

  constructor(vendor: SimulatedOpenAi, { apiKey = API_KEY, model = MODEL } = {}) {
    const client = new OpenAI({ apiKey, baseURL: `${vendor.url}/v1` })
    this.socket = new OpenAIRealtimeWS(
      // It speaks TLS only, and the simulated vendor has no certificate.
      {
        model,
        options: {
          createConnection: connect,
        },
      },
      client,
    )
    this.socket.on('event', (event) => this.events.push(event))
    this.socket.on('error', (error) => this.errors.push(error.error?.code ?? error.message))
    onTestFinished(() => this.socket.close())
  }

  all<T extends Type>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type)
  }

  /** The first event of this type, now or soon, or the one of this number, counted from 1. */
  async sees<T extends Type>(type: T, number = 1): Promise<EventOf<T>> {
    return until(`event ${number} of the type ${type}`, () => this.all(type)[number - 1])
  }

  /** A session that is set up as a telephone line. */
  async begins(): Promise<this> {
    await this.sees('session.created')
    this.socket.send({ type: 'session.update', session: TELEPHONE })
    await this.sees('session.updated')
    return this
  }

  speak(milliseconds: number): void {
    this.#sound(VOWEL(milliseconds))
  }

  pause(milliseconds: number): void {
    this.#sound(SILENCE(milliseconds))
  }

  #sound(audio: Buffer): void {
    for (let at = 0; at < audio.length; at += 160)
      this.socket.send({
        type: 'input_audio_buffer.append',
        audio: audio.subarray(at, at + 160).toString('base64'),
      })
  }
}
