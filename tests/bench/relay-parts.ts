import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pino from 'pino'
import type { CallView } from '../../machines/instructions.ts'
import type { AgentSettings } from '../../src/calls/agent-settings.ts'
import type { MediaCalls } from '../../src/media/calls-port.ts'
import { newRelayCounts } from '../../src/media/media-metrics.ts'
import { MediaServer } from '../../src/media/media-server.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { ForkStream } from '../../src/telephony/sip/audio-fork-codec.ts'
import { TwilioMediaStream } from '../../src/telephony/twilio/media-stream.ts'
import { elevenLabsAgent } from '../../src/voice-agents/elevenlabs/agent.ts'

/* The relay and the agent’s socket as they run in the service, with calls that let every stream in. */

/** The calls are silent while the pipe is measured. */
const SILENCE_TIMEOUT_MS = 3_600_000

const log = pino({ level: 'warn' })

const AGENT: AgentSettings = {
  id: 'bench',
  name: 'Bench',
  backend: 'elevenlabs',
  vendorAgentId: null,
  model: null,
  turnDetection: null,
  voiceId: null,
  instructions: null,
  firstMessage: null,
  language: null,
}

const viewIn = (bridge: 'connecting' | 'talking'): CallView => ({
  seq: 1,
  state: 'bridged',
  bridge,
  voice: 'default',
  context: {
    limits: {
      cloneMaxWaitMs: 0,
      legPatienceMs: 0,
      agentConnectMs: 0,
      greetingOverdueMs: 16_000,
      roundOverdueMs: 8_000,
      agentRecoveryMs: 10_000,
      agentPausesMs: [500, 1_000],
      callMaxMs: 0,
    },
    voice: { kind: 'default', voiceId: null },
    voiceId: null,
    holdRound: 0,
    agentBridge: 1,
    agentReconnects: 0,
    agentConnection: 1,
    agentPauses: 0,
    refusedOverrides: [],
    conversationId: null,
    redirects: 0,
    unresponsiveBridge: null,
    legId: 'leg',
    bridgeNumber: 1,
    goneBecause: null,
    isWanted: true,
    transferNumber: 0,
    transferTo: null,
    transferOutcome: null,
    transfersRefused: 0,
    endReason: null,
  },
})

const calls: MediaCalls = {
  join: async () => ({ legId: 'leg', bridgeNumber: 1, view: viewIn('connecting') }),
  send: async () => viewIn('talking'),
  watch: () => () => {},
  agentRequest: async (callId) => ({
    callId,
    agent: AGENT,
    voiceId: null,
    refusedOverrides: [],
    conversationSoFar: [],
    from: '',
    to: '',
  }),
  learnAgentAudio: async () => {},
  recordTurn: async () => {},
  correctTurn: async () => {},
}

/** Starts it on this server, or on one of its own. Resolves with where carriers connect. */
export async function startRelay(agents: string, http: Server = createServer()): Promise<string> {
  const media = new MediaServer({
    calls,
    agent: elevenLabsAgent({
      agentId: 'agent_bench',
      signedUrl: async () => agents,
      silenceTimeoutMs: SILENCE_TIMEOUT_MS,
      log,
    }),
    clock: systemClock,
    metrics: { counts: newRelayCounts(), observeRelayDelay: () => {}, observeBargeIn: () => {} },
    log,
    silenceTimeoutMs: SILENCE_TIMEOUT_MS,
    waitingTrack: Buffer.alloc(8_000, 0xff),
    routes: [
      { path: '/media-stream/', codec: () => new TwilioMediaStream() },
      { path: '/sip-media/', codec: () => new ForkStream() },
    ],
  })
  media.attach(http)
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return `ws://127.0.0.1:${(http.address() as AddressInfo).port}/media-stream/`
}
