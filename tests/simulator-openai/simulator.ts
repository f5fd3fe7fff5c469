import pino from 'pino'
import {
  type OpenAiOptions,
  type SimulatedOpenAi,
  startOpenAi,
} from '../../src/simulator/openai/start-openai.ts'

export const API_KEY = 'sk-simulated-key-of-openai'
export const MODEL = 'gpt-realtime-2.1'
export const LIVE_MODEL = 'gpt-live-1.1'

/** Fifty times as fast as life. */
const TIME_SCALE = 0.02

export function start(options: Partial<OpenAiOptions> = {}): Promise<SimulatedOpenAi> {
  return startOpenAi({ apiKey: API_KEY, log: pino({ level: 'silent' }), timeScale: TIME_SCALE, ...options })
}
