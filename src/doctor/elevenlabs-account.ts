import type { Config } from '../config/config.ts'
import { type ElevenLabsApi, elevenLabsApi, type Subscription } from './elevenlabs-api.ts'
import { elevenLabsFailure, isNotFound, mayNotAsk } from './elevenlabs-failure.ts'
import { type Check, type Finding, fail, ok, skip, warn } from './finding.ts'

/** Two requests. */
const LIMIT_MS = 20_000
/** With fewer, a few new callers in a row already make older voices give way. */
const FEW_SLOTS = 3

const PLAN_PAGE = 'elevenlabs.io → Subscription'
const VOICES_PAGE = 'elevenlabs.io → Voices'

/** The key, what its plan allows, and the voice of the greeting. */
export function elevenLabsAccountCheck(config: Config): Check {
  const { apiKey, baseUrl } = config.elevenLabs
  return {
    name: 'elevenlabs',
    limitMs: LIMIT_MS,
    async *run() {
      if (apiKey === null) {
        yield skip('elevenlabs', 'simulated voice vendor and agent: ELEVENLABS_API_KEY is not set')
        return
      }
      const api = elevenLabsApi({ apiKey, baseUrl })
      try {
        yield* planFindings(await api.subscription())
      } catch (error) {
        const failure = elevenLabsFailure('elevenlabs key', error, baseUrl)
        yield mayNotAsk(error) ? { ...failure, verdict: 'warn' } : failure
        if (!mayNotAsk(error)) return
      }
      yield await greetingVoice(api, config)
    },
  }
}

function* planFindings(plan: Subscription): Generator<Finding> {
  yield ok('elevenlabs key', `valid, plan ${plan.tier}, ${plan.status}`)
  yield plan.can_use_instant_voice_cloning
    ? ok('elevenlabs cloning', 'instant voice cloning is in the plan')
    : fail(
        'elevenlabs cloning',
        'the plan has no instant voice cloning',
        `take a plan that has it (${PLAN_PAGE})`,
      )
  yield slots(plan)
}

function slots({ voice_limit, voice_slots_used, ...plan }: Subscription): Finding {
  const name = 'elevenlabs voice slots'
  const left = Math.max(0, voice_limit - voice_slots_used)
  const edits =
    plan.max_voice_add_edits == null ? null : plan.max_voice_add_edits - plan.voice_add_edit_counter
  if (edits !== null && edits <= 0) {
    return fail(
      name,
      `all ${plan.max_voice_add_edits} voice additions of this month are used, and deleting gives none back`,
      `wait for the next month, or take a larger plan (${PLAN_PAGE})`,
    )
  }
  const found = `${left} of ${voice_limit} left`
  const mend = `delete voices that nobody needs (${VOICES_PAGE}), or take a larger plan (${PLAN_PAGE})`
  if (left === 0) return fail(name, found, mend)
  return left < FEW_SLOTS ? warn(name, found, mend) : ok(name, found)
}

async function greetingVoice(api: ElevenLabsApi, { greeting, elevenLabs }: Config): Promise<Finding> {
  const name = 'greeting voice'
  try {
    return ok(name, `${await api.voiceName(greeting.voiceId)} (${greeting.voiceId})`)
  } catch (error) {
    if (!isNotFound(error)) return elevenLabsFailure(name, error, elevenLabs.baseUrl)
    return fail(
      name,
      `the account has no voice ${greeting.voiceId}`,
      `set GREETING_VOICE_ID to the id of a voice under My Voices (${VOICES_PAGE})`,
    )
  }
}
