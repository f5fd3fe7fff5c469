import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LiveRecord } from '../../src/simulator/openai/live/session-record.ts'
import { type SimulatedOpenAi, startOpenAi } from '../../src/simulator/openai/start-openai.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* Calls to an agent that hears and speaks at once, as their callers live them: in real time. */

vi.setConfig({ testTimeout: 90_000 })

const API_KEY = 'sk-of-a-story-about-openai-live'
const NUMBER = '+15550190004'
/** Long enough to be talked over, in several sentences. */
const LONG = DEMO_SCRIPT.replies[2] ?? ''
const FIRST_SENTENCE = `${LONG.split('. ')[0]}.`
/** What the vendor is ahead, and what the line adds. */
const SHORT_MS = 500

describe('A caller of an agent of OpenAI’s that hears and speaks at once', () => {
  let world: World
  let vendor: SimulatedOpenAi
  let agentId: string
  beforeAll(async () => {
    vendor = await startOpenAi({ apiKey: API_KEY, log: pino({ level: 'silent' }) })
    world = await World.begin({
      timeScale: 1,
      loadBalancer: true,
      settings: { OPENAI_API_KEY: API_KEY, OPENAI_BASE_URL: vendor.url, GREETING_MESSAGE: 'Hi.' },
    })
    const agent = { name: 'Liv', backend: 'openai-live', voiceId: 'willow', numbers: [NUMBER] }
    agentId = (await setUp('POST', '/agents', agent)).id
  })
  afterAll(async () => {
    await world.end()
    const open = vendor.live.openIds
    await vendor.stop()
    expect(open, 'sessions that are still open').toEqual([])
  })

  async function setUp(method: string, path: string, body: object): Promise<{ id: string }> {
    const headers = { 'content-type': 'application/json' }
    const answer = await world.admin(path, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    return (await answer.json()) as { id: string }
  }

  const latest = (): LiveRecord | undefined => [...vendor.live.records.values()].at(-1)
  const agentSaid = async (call: StoryCall) =>
    (await call.turns()).filter(({ role }) => role === 'agent').map(({ text }) => text)

  async function joined(firstMessage: string): Promise<StoryCall> {
    await setUp('PATCH', `/agents/${agentId}`, { firstMessage })
    const call = world.call(world.newCaller(), undefined, NUMBER)
    await call.reaches('bridged.talking')
    return call
  }

  async function hangsUp(call: StoryCall): Promise<void> {
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  }

  it('is greeted, talks, and both are written down', async () => {
    const call = await joined('Shoes and more.')
    await call.hasTurns(1)
    expect(await agentSaid(call)).toEqual(['Shoes and more.'])
    expect(latest()?.config).toMatchObject({ model: 'gpt-live-1.1', audio: { output: { voice: 'willow' } } })
    call.speak(1_200)
    await until('both are written down', async () => {
      const turns = await call.turns()
      return turns.some(({ role }) => role === 'caller') && turns.length >= 3
    })
    expect(await agentSaid(call)).toContain('Thank you.')
    expect(latest()?.errors).toEqual([])
    await hangsUp(call)
  })

  it('cuts in: what the carrier still has is dropped, and what was heard before stays heard', async () => {
    const call = await joined(LONG)
    await until('a sentence is heard', async () => (await agentSaid(call)).length > 0)
    const heard = call.caller.heard.length
    await until('more is heard', () => call.caller.heard.length > heard + 8 * 700)
    call.speak(1_500)
    const { unheardMs } = await call.sees('cleared')
    expect(unheardMs).toBeLessThanOrEqual(SHORT_MS)
    const [first] = await call.turns()
    expect(first).toMatchObject({ text: FIRST_SENTENCE, interrupted: false })
    await until('the agent answers', async () => (await agentSaid(call)).includes('Thank you.'))
    expect((await agentSaid(call)).join(' ')).not.toContain(LONG.split('. ').at(-1))
    await hangsUp(call)
  })

  it('loses the agent, hears music, and goes on where they were', async () => {
    const call = await joined('Shoes and more.')
    await call.hasTurns(1)
    const before = latest()
    vendor.live.session(before?.id ?? '').destroy()
    const session = await until('a session that knows what was said', () => {
      const now = latest()
      return now !== before && now?.config ? now : null
    })
    expect(session.config?.input).toMatchObject([
      { role: 'assistant', content: [{ type: 'output_text', text: 'Shoes and more.' }] },
    ])
    await until('they hear of it', async () =>
      (await agentSaid(call)).some((text) => DEMO_SCRIPT.reconnected.startsWith(text)),
    )
    expect(await call.state()).toBe('bridged.talking')
    await hangsUp(call)
  })
})
