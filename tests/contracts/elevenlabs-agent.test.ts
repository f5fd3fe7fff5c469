import pino from 'pino'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { elevenLabsAgent } from '../../src/voice-agents/elevenlabs/agent.ts'
import { ElevenLabsRest } from '../../src/voice-agents/elevenlabs/rest.ts'
import { AGENT_ID, API_KEY, start } from '../simulator-elevenlabs/simulator.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type AgentUnderTest, agentContract } from './agent-contract.ts'

/** From the first message of a client to the agent's metadata. */
const START_MS = 80
const SILENCE_MS = 20_000
const turn = () => new Promise(setImmediate)

const spec = {
  name: 'ElevenLabs over its simulator',
  capabilities: { interrupt: true, truncate: false, textInput: true },
  isOverWire: true,
}

agentContract(spec, async (): Promise<AgentUnderTest> => {
  const clock = new ManualClock()
  // It says what a test has it say, and nothing by itself: its time does not move.
  const script = { ...DEMO_SCRIPT, firstMessage: '' }
  const vendor = await start({ clock, script, keepsCallerAudio: true })
  const rest = new ElevenLabsRest({ apiKey: API_KEY, baseUrl: vendor.url })
  const agent = elevenLabsAgent({
    agentId: AGENT_ID,
    signedUrl: (id, signal) => rest.signedUrl(id, signal),
    silenceTimeoutMs: SILENCE_MS,
    log: pino({ level: 'silent' }),
  })

  // The first request of a process sets a timer that Node keeps for all others: it is none of the connection's.
  await rest.signedUrl(AGENT_ID)

  const record = () => [...vendor.conversations.values()].at(-1)
  const liveId = () => {
    const id = record()?.conversationId
    return id !== undefined && vendor.liveConversationIds.includes(id) ? id : null
  }
  const sendRaw = (data: string | Buffer) => {
    const id = liveId()
    if (id) vendor.sendGarbage(id, data)
  }
  const send = (message: object) => sendRaw(JSON.stringify(message))
  const until = async (isSo: () => boolean | undefined) => {
    for (let turns = 0; turns < 10_000 && !isSo(); turns++) await turn()
  }
  let eventId = 1_000
  const settled = async () => {
    const ping = ++eventId
    send({ type: 'ping', ping_event: { event_id: ping } })
    await until(() => record()?.pongs.includes(ping) || liveId() === null)
  }
  const admitted = new Set<string>()
  const reached = () =>
    until(() => Boolean(record()?.initData) && !admitted.has(record()?.conversationId ?? ''))
  const announce = () =>
    send({
      type: 'conversation_initiation_metadata',
      conversation_initiation_metadata_event: {
        conversation_id: liveId(),
        agent_output_audio_format: 'pcm_16000',
        user_input_audio_format: 'pcm_16000',
      },
    })
  const audio = (audio_base_64: string, event_id = ++eventId) =>
    send({ type: 'audio', audio_event: { audio_base_64, event_id } })

  return {
    agent,
    async admit() {
      await reached()
      admitted.add(record()?.conversationId ?? '')
      clock.advance(START_MS)
      await settled()
    },
    settled,
    speak: (payload) => audio(payload),
    agentSays: (text) => send({ type: 'agent_response', agent_response_event: { agent_response: text } }),
    callerSaid: (text) =>
      send({ type: 'user_transcript', user_transcription_event: { user_transcript: text } }),
    correct: (original_agent_response, corrected_agent_response) =>
      send({
        type: 'agent_response_correction',
        agent_response_correction_event: { original_agent_response, corrected_agent_response },
      }),
    interrupt(late) {
      send({ type: 'interruption', interruption_event: { event_id: ++eventId } })
      audio(late, eventId - 1)
    },
    heard: () => record()?.callerAudio.map((payload) => payload.toString('base64')) ?? [],
    texts() {
      const said = record()?.transcript.filter(({ role }) => role === 'user') ?? []
      return [...(record()?.contextualUpdates ?? []), ...said.map(({ message }) => message)]
    },
    end: () => vendor.closeAgent(1000),
    drop() {
      const id = liveId()
      if (id) vendor.dropAgentSocket(id)
    },
    refuse: (words) =>
      vendor.failNext('signedUrl', [
        { status: 404, body: { detail: { status: 'not_found', message: words } } },
      ]),
    wire: {
      silenceMs: SILENCE_MS,
      reached,
      ignore: () => {
        vendor.hangSignedUrl = true
      },
      send: sendRaw,
      announceAgain: announce,
      fallSilent: () => {
        vendor.stopPinging = true
      },
      openSockets: () => vendor.liveConversationIds.length,
    },
    stop: () => vendor.stop(),
  }
})
