import pino from 'pino'
import {
  type ElevenLabsOptions,
  type SimulatedElevenLabs,
  startElevenLabs,
} from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
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

/** A client that has been let in and has sent its first message, and the id of its conversation. */
export async function converse(
  simulator: SimulatedElevenLabs,
  init: object = {},
): Promise<{ client: AgentClient; conversationId: string }> {
  const client = await AgentClient.begin(await signedUrl(simulator), init)
  const { conversation_initiation_metadata_event } = await client.next('conversation_initiation_metadata')
  const { conversation_id } = conversation_initiation_metadata_event as { conversation_id: string }
  return { client, conversationId: conversation_id }
}
