import pino from 'pino'
import { patchAgent } from '../../src/simulator/elevenlabs/agent-config.ts'
import {
  type ElevenLabsOptions,
  type SimulatedElevenLabs,
  startElevenLabs,
} from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import type { ManualClock } from '../support/manual-clock.ts'
import { AgentClient } from './agent-client.ts'

export const API_KEY = 'sk_test'
export const AGENT_ID = 'agent_test'

/** Fifty times as fast as life. */
export const TIME_SCALE = 0.02

export function start(options: Partial<ElevenLabsOptions> = {}): Promise<SimulatedElevenLabs> {
  const log = pino({ level: 'silent' })
  return startElevenLabs({ apiKey: API_KEY, agentId: AGENT_ID, log, timeScale: TIME_SCALE, ...options })
}

/** A request with the key; `path` begins with a slash. */
export function call(
  simulator: SimulatedElevenLabs,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  return fetch(simulator.url + path, { ...init, headers: { 'xi-api-key': API_KEY, ...init.headers } })
}

export async function signedUrl(simulator: SimulatedElevenLabs, query = ''): Promise<string> {
  const path = `/v1/convai/conversation/get-signed-url?agent_id=${AGENT_ID}${query}`
  const body: { signed_url: string } = JSON.parse(await (await call(simulator, path)).text())
  return body.signed_url
}

/** A client that has been let in and has sent its first message. */
export async function connect(simulator: SimulatedElevenLabs, init: object = {}): Promise<AgentClient> {
  return AgentClient.begin(await signedUrl(simulator), init)
}

/** A conversation in which the agent is just saying its first words. */
export async function beginConversation(
  simulator: SimulatedElevenLabs,
  clock: ManualClock,
  init: object = {},
): Promise<AgentClient> {
  const client = await connect(simulator, init)
  await client.flush()
  clock.advance(80)
  await client.flush()
  return client
}

/** Changes the agent as `PATCH /v1/convai/agents/{id}` does. */
export function patch(simulator: SimulatedElevenLabs, change: Record<string, unknown>): void {
  const agent = simulator.agents.get(AGENT_ID)
  if (!agent) throw new Error(`The simulator has no agent ${AGENT_ID}.`)
  simulator.agents.set(AGENT_ID, patchAgent(agent, change))
}

export function conversationIdOf(client: AgentClient): string {
  const [metadata] = client.of('conversation_initiation_metadata')
  const event = metadata?.conversation_initiation_metadata_event as { conversation_id: string }
  return event.conversation_id
}
