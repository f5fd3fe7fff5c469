import pino from 'pino'
import { expect, onTestFinished, vi } from 'vitest'
import type { AgentSettings } from '../../src/calls/agent-settings.ts'
import type { AgentRequest } from '../../src/media/agent-port.ts'
import type { OpenAiOptions } from '../../src/simulator/openai/start-openai.ts'
import { openAiRealtimeAgent } from '../../src/voice-agents/openai/realtime/agent.ts'
import { API_KEY, MODEL, start } from '../simulator-openai/simulator.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OpenAiEnd } from './openai-end.ts'
import { REQUEST, RecordedAgent } from './recorded-agent.ts'

export const AGENT: AgentSettings = { ...REQUEST.agent, backend: 'openai' }

type Change = {
  request?: Partial<AgentRequest>
  apiKey?: string | null
  silenceTimeoutMs?: number
  transcribeModel?: string
}

/** A simulated vendor that says nothing by itself, and connections to it. */
export async function stage(options: Partial<OpenAiOptions> = {}) {
  const vendor = await start({ clock: new ManualClock(), ...options })
  vendor.isMute = true
  onTestFinished(() => vendor.stop())
  const end = new OpenAiEnd(vendor)

  function dial(change: Change = {}) {
    const { request, apiKey = API_KEY, silenceTimeoutMs = 20_000 } = change
    const { transcribeModel = 'gpt-realtime-whisper' } = change
    const agent = new RecordedAgent()
    const backend = openAiRealtimeAgent({
      account: { apiKey, baseUrl: vendor.url },
      model: MODEL,
      transcribeModel,
      silenceTimeoutMs,
      log: pino({ level: 'silent' }),
    })
    const connection = backend.connect({ ...REQUEST, agent: AGENT, ...request }, agent)
    onTestFinished(() => connection.close())
    return { agent, connection }
  }

  /** A conversation that has begun, and whose greeting is over; what was reported until then is forgotten. */
  async function talk(change: Change = {}) {
    const call = dial(change)
    await end.admitted()
    await vi.waitFor(() => expect(end.sent('response.create')).toHaveLength(1))
    end.answers()
    end.isDone()
    await end.settled()
    call.agent.reports.length = 0
    return call
  }

  return { vendor, end, dial, talk }
}
