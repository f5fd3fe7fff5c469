import pino from 'pino'
import { openAiRealtimeAgent } from '../../src/voice-agents/openai/realtime/agent.ts'
import { API_KEY, MODEL, start } from '../simulator-openai/simulator.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { OpenAiEnd } from '../voice-agents/openai-end.ts'
import { type AgentUnderTest, agentContract } from './agent-contract.ts'

const SILENCE_MS = 20_000

const spec = {
  name: 'OpenAI Realtime over its simulator',
  capabilities: { interrupt: true, truncate: true, textInput: true },
  isOverWire: true,
}

agentContract(spec, async (): Promise<AgentUnderTest> => {
  // It says what a test has it say, and nothing by itself: its time does not move.
  const vendor = await start({ clock: new ManualClock(), keepsCallerAudio: true })
  const end = new OpenAiEnd(vendor)
  const agent = openAiRealtimeAgent({
    account: { apiKey: API_KEY, baseUrl: vendor.url },
    model: MODEL,
    transcribeModel: 'gpt-realtime-whisper',
    silenceTimeoutMs: SILENCE_MS,
    log: pino({ level: 'silent' }),
  })
  const live = () => (end.liveId ? vendor.session(end.liveId) : null)

  return {
    agent,
    admit: () => end.admitted(),
    settled: () => end.settled(),
    speak: (payload) => void end.speak(payload),
    agentSays: (text) => end.says(text),
    callerSaid: (text) => end.callerSaid(text),
    interrupt(late) {
      const { responseId } = end
      end.callerStarts()
      end.answers()
      end.speak(late, undefined, responseId)
    },
    unheard: () => end.unheard,
    heard: () => end.record?.callerAudio.map((audio) => audio.toString('base64')) ?? [],
    texts: () => end.texts,
    end: () => live()?.close(1000),
    drop: () => live()?.destroy(),
    refuse: (message) => void vendor.refuseNext.push({ status: 404, body: { error: { message } } }),
    wire: {
      silenceMs: SILENCE_MS,
      reached: () => end.reached(),
      ignore: () => {
        vendor.ignoreNext = 1
      },
      send: (data) => end.sendRaw(data),
      announceAgain() {
        end.send('session.created', { session: { id: 'sess_again' } })
        end.send('session.updated', { session: { id: 'sess_again' } })
      },
      fallSilent: () => {
        vendor.isDeaf = true
      },
      openSockets: () => vendor.liveSessionIds.length,
    },
    stop: () => vendor.stop(),
  }
})
