import pino from 'pino'
import { openAiLiveAgent } from '../../src/voice-agents/openai/live/agent.ts'
import { API_KEY, LIVE_MODEL, start } from '../simulator-openai/simulator.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { LiveEndByHand } from '../voice-agents/openai-live-end.ts'
import { type AgentUnderTest, agentContract } from './agent-contract.ts'

const SILENCE_MS = 20_000
/** What has the agent speak first. */
const GREETING = /^You are on the telephone|^Greet the caller/

const spec = {
  name: 'OpenAI Live over its simulator',
  capabilities: { interrupt: false, truncate: false, textInput: true },
  isOverWire: true,
}

agentContract(spec, async (): Promise<AgentUnderTest> => {
  // It says what a test has it say, and nothing by itself: its time does not move.
  const vendor = await start({ clock: new ManualClock(), keepsCallerAudio: true })
  const end = new LiveEndByHand(vendor)
  const agent = openAiLiveAgent({
    account: { apiKey: API_KEY, baseUrl: vendor.url },
    model: LIVE_MODEL,
    silenceTimeoutMs: SILENCE_MS,
    log: pino({ level: 'silent' }),
  })
  /** A session that the vendor does not begin has been reached, and no more. */
  let isHeld = true
  const held: Record<string, unknown>[] = []
  vendor.outgoing = (event) => {
    if (event.type !== 'session.started' || !isHeld) return [event]
    held.push(event)
    return []
  }

  return {
    agent,
    async admit() {
      await end.admitted()
      for (const event of held.splice(0)) end.sendRaw(JSON.stringify(event))
      await end.settled()
    },
    settled: () => end.settled(),
    speak: (payload) => end.speak(payload),
    agentSays: (text) => end.says('output', text),
    callerSaid: (text) => end.says('input', text),
    heard: () => end.record?.callerAudio.map((audio) => audio.toString('base64')) ?? [],
    texts: () => end.texts.filter((text) => !GREETING.test(text)),
    end: () => end.session?.close('remote_hangup'),
    drop: () => end.session?.destroy(),
    refuse: (message) => void vendor.refuseNext.push({ status: 404, body: { error: { message } } }),
    wire: {
      silenceMs: SILENCE_MS,
      reached: () => end.reached(),
      ignore: () => {
        vendor.ignoreNext = 1
      },
      send: (data) => end.sendRaw(data),
      announceAgain: () => end.send('session.started', { session: { id: 'live_again' } }),
      fallSilent: () => {
        vendor.isDeaf = true
      },
      openSockets: () => vendor.live.openIds.length,
    },
    stop: () => {
      isHeld = false
      return vendor.stop()
    },
  }
})
