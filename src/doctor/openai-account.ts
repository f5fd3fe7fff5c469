import { z } from 'zod'
import type { Config } from '../config/config.ts'
import { authorization, restUrl } from '../voice-agents/openai/account.ts'
import { apiErrorSchema } from '../voice-agents/openai/errors.ts'
import { type Check, type Finding, fail, ok, skip, warn } from './finding.ts'
import { networkFailure } from './network-failure.ts'

/** Three requests. */
const LIMIT_MS = 28_000
const TIMEOUT_MS = 8_000

const KEYS_PAGE = 'platform.openai.com → API keys'
const MODELS_PAGE = 'platform.openai.com → Settings → Limits'

/** OpenAI answered, and not with what was asked for. */
class OpenAiRefusal extends Error {
  readonly status: number
  readonly code: string | null

  constructor(status: number, body: unknown) {
    const error = z.object({ error: apiErrorSchema }).safeParse(body).data?.error
    super(error?.message ?? 'no reason given')
    this.name = 'OpenAiRefusal'
    this.status = status
    this.code = error?.code ?? error?.type ?? null
  }
}

/** The key, and whether the account has the models of the settings. */
export function openAiAccountCheck({ openAi }: Config): Check {
  return {
    name: 'openai',
    limitMs: LIMIT_MS,
    async *run() {
      if (openAi.apiKey === null) {
        yield skip('openai', 'no agent of OpenAI’s: OPENAI_API_KEY is not set')
        return
      }
      const speaks = await lookFor(openAi, openAi.realtimeModel)
      yield keyFinding(speaks, openAi.baseUrl)
      if (speaks !== null && !isAboutModel(speaks)) return
      yield modelFinding('openai model', 'OPENAI_REALTIME_MODEL', openAi.realtimeModel, speaks)
      const { liveModel, transcribeModel } = openAi
      const others = [
        ['openai live model', 'OPENAI_LIVE_MODEL', liveModel],
        ['openai transcription', 'OPENAI_TRANSCRIBE_MODEL', transcribeModel],
      ] as const
      for (const [name, setting, model] of others) {
        const found = modelFinding(name, setting, model, await lookFor(openAi, model))
        yield found.verdict === 'FAIL' ? { ...found, verdict: 'warn' } : found
      }
    },
  }
}

/** Null when the account has this model, else what came instead. */
async function lookFor(account: Config['openAi'], model: string): Promise<Error | null> {
  try {
    const answer = await fetch(restUrl(account, `/models/${encodeURIComponent(model)}`), {
      headers: authorization(account),
      // The key must not go wherever a redirection leads.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    const body: unknown = await answer.json().catch(() => null)
    if (!answer.ok) return new OpenAiRefusal(answer.status, body)
    const isModel = z.object({ id: z.string() }).safeParse(body).success
    return isModel ? null : new Error('it answers in an unknown form; is OPENAI_BASE_URL the API of OpenAI?')
  } catch (error) {
    return error as Error
  }
}

const isAboutModel = (error: Error): boolean => error instanceof OpenAiRefusal && error.status === 404

function keyFinding(error: Error | null, baseUrl: string): Finding {
  const name = 'openai key'
  if (error === null || isAboutModel(error)) return ok(name, 'valid')
  if (error instanceof OpenAiRefusal) return refused(name, error)
  const why = networkFailure(error)
  if (why === null) return fail(name, error.message, 'correct OPENAI_BASE_URL, or leave it out')
  return fail(
    name,
    `${baseUrl} cannot be reached: ${why}`,
    'let this machine reach it (firewall, proxy, DNS), or correct OPENAI_BASE_URL',
  )
}

/** A key with few rights may speak and not ask for models. */
function refused(name: string, { status, code, message }: OpenAiRefusal): Finding {
  const found = `OpenAI answers ${status}${code === null ? '' : ` ${code}`}: ${message}`
  if (status === 401) return fail(name, found, `set OPENAI_API_KEY to a valid key (${KEYS_PAGE})`)
  if (status === 403)
    return warn(name, found, `give the key the permissions Models and Realtime (${KEYS_PAGE})`)
  if (status === 429) return fail(name, found, `add credit, or raise the limits (${MODELS_PAGE})`)
  return fail(name, found, 'try again later (status.openai.com), or correct OPENAI_BASE_URL')
}

function modelFinding(name: string, setting: string, model: string, error: Error | null): Finding {
  if (error === null) return ok(name, model)
  const found = isAboutModel(error) ? `the account has no model ${model}` : error.message
  return fail(name, found, `set ${setting} to a model of the account (${MODELS_PAGE}), or leave it out`)
}
