import type { Config } from '../config/config.ts'
import { audioOfFormat } from '../voice-agents/elevenlabs/agent-audio.ts'
import { type AgentPatch, elevenLabsApi, type VendorAgent } from './elevenlabs-api.ts'
import { elevenLabsFailure, inVendorsWords, isNotFound } from './elevenlabs-failure.ts'
import { type Check, type Finding, fail, ok, skip, warn } from './finding.ts'

/** One request, and while mending one for each finding. */
const LIMIT_MS = 30_000

/** What Twilio speaks. */
const PHONE_FORMAT = 'ulaw_8000'
/** What FreeSWITCH can be made to speak. */
const SIP_FORMATS = ['pcm_8000', 'pcm_16000']
/** An agent's whose owner never chose. */
const DEFAULT_FORMAT = 'pcm_16000'

/** The vendor sends only the events on the agent's list, and without these a call cannot be held. */
const NEEDED_EVENTS = [
  'audio',
  'interruption',
  'agent_response',
  'agent_response_correction',
  'user_transcript',
  'ping',
  'conversation_initiation_metadata',
  'client_tool_call',
]
/** Tells that the agent hangs up, a little before the vendor closes the conversation. */
const USEFUL_EVENTS = ['agent_tool_response']

/** What every call tells the agent; the vendor adds its own, named system__… */
export const SENT_VARIABLES = ['call_id', 'caller', 'called_number']

/** A voice of its own is what every call has; the others are sent when an agent here has them. */
const VOICE_OVERRIDE = ['tts', 'voice_id']
const OTHER_OVERRIDES = [
  ['agent', 'first_message'],
  ['agent', 'language'],
  ['agent', 'prompt', 'prompt'],
]

const AGENTS_PAGE = 'elevenlabs.io → Agents'

type Patch = (patch: AgentPatch) => Promise<void>

/** The agent's own settings at the vendor: what it speaks, what it lets a call change, and what it tells of. */
export function elevenLabsAgentCheck(config: Config): Check {
  const { apiKey, agentId, baseUrl } = config.elevenLabs
  return {
    name: 'elevenlabs agent',
    limitMs: LIMIT_MS,
    async *run() {
      if (apiKey === null || agentId === null) {
        const why = apiKey === null ? 'simulated voice agent: ELEVENLABS_API_KEY' : 'ELEVENLABS_AGENT_ID'
        yield skip('elevenlabs agent', `${why} is not set`)
        return
      }
      const api = elevenLabsApi({ apiKey, baseUrl })
      let agent: VendorAgent
      try {
        agent = await api.agent(agentId)
      } catch (error) {
        yield isNotFound(error) ? noSuchAgent(agentId) : elevenLabsFailure('elevenlabs agent', error, baseUrl)
        return
      }
      yield ok('elevenlabs agent', `${agent.name || 'nameless'} (${agentId})`)
      const patch: Patch = (changes) =>
        api.patchAgent(agentId, changes).catch((error) => {
          throw inVendorsWords(error)
        })
      yield audioFormats(agent, config.sip.enabled, patch)
      yield* agentFindings(agent, patch)
    },
  }
}

function noSuchAgent(agentId: string): Finding {
  const mend = `set ELEVENLABS_AGENT_ID to the id of an agent of this account (${AGENTS_PAGE})`
  return fail('elevenlabs agent', `the account has no agent ${agentId}`, mend)
}

function* agentFindings(agent: VendorAgent, patch: Patch): Generator<Finding> {
  yield voiceOverride(agent, patch)
  yield otherOverrides(agent, patch)
  yield clientEvents(agent, patch)
  yield variables(agent)
}

/** Every format but one that is unknown works; where neither carrier speaks it, each call costs more. */
function audioFormats(agent: VendorAgent, isSipEnabled: boolean, patch: Patch): Finding {
  const { asr, tts } = agent.conversation_config
  const name = 'agent audio formats'
  const formats = [
    asr?.user_input_audio_format ?? DEFAULT_FORMAT,
    tts?.agent_output_audio_format ?? DEFAULT_FORMAT,
  ]
  const [hears, speaks] = formats
  const settings = 'user input audio format (Advanced) and TTS output format (Voices)'
  if (formats.some((format) => audioOfFormat(format) === null))
    return fail(
      name,
      `it hears ${hears} and speaks ${speaks}, which is not known here: calls would get the apology`,
      `set ${settings} to μ-law 8000 Hz (${AGENTS_PAGE})`,
      () => patch(PHONE_FORMATS),
    )
  if (formats.every((format) => format === PHONE_FORMAT)) return ok(name, `${PHONE_FORMAT} both ways`)
  if (isSipEnabled && formats.every((format) => SIP_FORMATS.includes(format)))
    return ok(
      name,
      `it hears ${hears} and speaks ${speaks}, as SIP calls can; calls over Twilio are transcoded`,
    )
  return warn(
    name,
    `it hears ${hears} and speaks ${speaks}: calls are transcoded, some milliseconds of processor time a second`,
    `set ${settings} to μ-law 8000 Hz, or to PCM 16000 Hz if calls come over SIP (${AGENTS_PAGE})`,
  )
}

const PHONE_FORMATS: AgentPatch = {
  conversation_config: {
    asr: { user_input_audio_format: PHONE_FORMAT },
    tts: { agent_output_audio_format: PHONE_FORMAT },
  },
}

function voiceOverride(agent: VendorAgent, patch: Patch): Finding {
  const name = 'agent voice override'
  if (isOn(agent, VOICE_OVERRIDE)) return ok(name, 'a call may bring its own voice')
  return fail(
    name,
    'switched off: the vendor refuses callers’ own voices (override_error), and the agent speaks in its own',
    `switch on Voice ID under Security, Overrides (${AGENTS_PAGE})`,
    () => patch(switchedOn([VOICE_OVERRIDE])),
  )
}

function otherOverrides(agent: VendorAgent, patch: Patch): Finding {
  const name = 'agent other overrides'
  const off = OTHER_OVERRIDES.filter((path) => !isOn(agent, path))
  if (off.length === 0) return ok(name, 'first message, language and prompt may be changed')
  const names = off.map((path) => path.at(-1)).join(', ')
  return warn(
    name,
    `switched off: ${names}; calls of an agent here that sets these go on without them`,
    `switch them on under Security, Overrides (${AGENTS_PAGE}), or leave these fields of agents here empty`,
    () => patch(switchedOn(off)),
  )
}

function clientEvents({ conversation_config }: VendorAgent, patch: Patch): Finding {
  const name = 'agent client events'
  const sent = conversation_config.conversation?.client_events ?? []
  const missing = [...NEEDED_EVENTS, ...USEFUL_EVENTS].filter((event) => !sent.includes(event))
  if (missing.length === 0) return ok(name, 'all that a call needs')
  const verdict = missing.some((event) => NEEDED_EVENTS.includes(event)) ? fail : warn
  return verdict(
    name,
    `it does not send ${missing.join(', ')}`,
    `add them under Advanced, Client events (${AGENTS_PAGE})`,
    // The list takes the place of the one before, so it carries that one along.
    () => patch({ conversation_config: { conversation: { client_events: [...sent, ...missing] } } }),
  )
}

/** A variable without a value ends the conversation as it begins (1008, missing_dynamic_variable). */
function variables({ conversation_config: { agent } }: VendorAgent): Finding {
  const name = 'agent variables'
  const texts = `${agent?.first_message ?? ''} ${agent?.prompt?.prompt ?? ''}`
  const used = [...texts.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, variable]) => variable ?? '')
  const given = [
    ...SENT_VARIABLES,
    ...Object.keys(agent?.dynamic_variables?.dynamic_variable_placeholders ?? {}),
  ]
  const missing = [...new Set(used)].filter(
    (variable) => !given.includes(variable) && !variable.startsWith('system__'),
  )
  if (missing.length === 0) return ok(name, 'its texts use none that a call does not bring')
  return warn(
    name,
    `its texts use ${missing.join(', ')}, and a call brings only ${SENT_VARIABLES.join(', ')}`,
    `take them out of first message and system prompt, or give them a default (${AGENTS_PAGE})`,
  )
}

function isOn({ platform_settings }: VendorAgent, path: string[]): boolean {
  let value: unknown = platform_settings?.overrides?.conversation_config_override
  for (const key of path) value = (value as Record<string, unknown> | null | undefined)?.[key]
  return value === true
}

function switchedOn(paths: string[][]): AgentPatch {
  const switches: Record<string, unknown> = {}
  for (const path of paths) setTrue(switches, path)
  return { platform_settings: { overrides: { conversation_config_override: switches } } }
}

function setTrue(switches: Record<string, unknown>, [key = '', ...rest]: string[]): void {
  if (rest.length === 0) {
    switches[key] = true
    return
  }
  switches[key] ??= {}
  setTrue(switches[key] as Record<string, unknown>, rest)
}
