import pino from 'pino'
import { expect, onTestFinished, vi } from 'vitest'
import type { AgentSettings } from '../../src/calls/agent-settings.ts'
import type { AgentRequest } from '../../src/media/agent-port.ts'
import type { OpenAiOptions } from '../../src/simulator/openai/start-openai.ts'
import { openAiLiveAgent } from '../../src/voice-agents/openai/live/agent.ts'
import { API_KEY, LIVE_MODEL, start } from '../simulator-openai/simulator.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { LiveEndByHand } from './openai-live-end.ts'
import { REQUEST, RecordedAgent } from './recorded-agent.ts'

export const AGENT: AgentSettings = { ...REQUEST.agent, backend: 'openai-live' }

type Change = { request?: Partial<AgentRequest>; apiKey?: string | null; silenceTimeoutMs?: number }

/** A simulated vendor that says nothing by itself, and connections to it. */
export async function stage(options: Partial<OpenAiOptions> = {}) {
  const vendor = await start({ clock: new ManualClock(), ...options })
  vendor.isMute = true
  onTestFinished(() => vendor.stop())
  const end = new LiveEndByHand(vendor)

  function dial({ request, apiKey = API_KEY, silenceTimeoutMs = 20_000 }: Change = {}) {
    const agent = new RecordedAgent()
    const backend = openAiLiveAgent({
      account: { apiKey, baseUrl: vendor.url },
      model: LIVE_MODEL,
      silenceTimeoutMs,
      log: pino({ level: 'silent' }),
    })
    const connection = backend.connect({ ...REQUEST, agent: AGENT, ...request }, agent)
    onTestFinished(() => connection.close())
    return { agent, connection }
  }

  /** A conversation that has begun; what was reported until then is forgotten. */
  async function talk(change: Change = {}) {
    const call = dial(change)
    await end.admitted()
    await vi.waitFor(() => expect(end.sent('session.commentary.append')).toHaveLength(1))
    call.agent.reports.length = 0
    return call
  }

  return { vendor, end, dial, talk }
}
