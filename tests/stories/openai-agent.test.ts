import pino from 'pino'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { speak } from '../../src/simulator/assets/speech.ts'
import { QUOTA } from '../../src/simulator/openai/faults.ts'
import type { SessionRecord } from '../../src/simulator/openai/session-record.ts'
import { type SimulatedOpenAi, startOpenAi } from '../../src/simulator/openai/start-openai.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* Calls to an agent of OpenAI's, as their callers live them: in real time, since what was heard is reckoned by it. */

vi.setConfig({ testTimeout: 90_000 })

const API_KEY = 'sk-of-a-story-about-openai'
const NUMBER = '+15550190003'
/** Long enough to be talked over: twelve seconds. */
const LONG = DEMO_SCRIPT.replies[2] ?? ''
/** How far what the vendor is told of may be from what the carrier has played. */
const TOLERANCE_MS = 60

describe('A caller of an agent of OpenAI’s', () => {
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
    const agent = { name: 'Ann', backend: 'openai', voiceId: 'alloy', numbers: [NUMBER] }
    agentId = (await setUp('POST', '/agents', agent)).id
  })
  afterEach(() => {
    vendor.refuse = null
    vendor.sessionMs = 3_600_000
    world.mend()
  })
  afterAll(async () => {
    await world.end()
    const open = vendor.liveSessionIds
    await vendor.stop()
    expect(open, 'sessions that are still open').toEqual([])
  })

  async function setUp(method: string, path: string, body: object): Promise<{ id: string }> {
    const headers = { 'content-type': 'application/json' }
    const answer = await world.admin(path, { method, headers, body: JSON.stringify(body) })
    if (!answer.ok) throw new Error(await answer.text())
    return (await answer.json()) as { id: string }
  }

  const says = (firstMessage: string | null) => setUp('PATCH', `/agents/${agentId}`, { firstMessage })
  const dials = (from = world.newCaller()) => world.call(from, undefined, NUMBER)
  const latest = (): SessionRecord | undefined => [...vendor.sessions.values()].at(-1)

  async function greeted(from?: string): Promise<StoryCall> {
    const call = dials(from)
    await call.reaches('bridged.talking')
    await call.hasTurns(1)
    return call
  }

  async function hangsUp(call: StoryCall): Promise<void> {
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  }

  /** The next session of this call, which is told what was said before. */
  async function goesOn(before: SessionRecord | undefined): Promise<SessionRecord> {
    return until('a session that is told of the conversation', () => {
      const now = latest()
      return now !== before && now?.items.some(({ source }) => source === 'client') ? now : null
    })
  }

  it('who has a voice on file hears the agent in its own, without a wait, and is told why', async () => {
    await says(null)
    const call = await greeted(await world.newCallerWithVoice())
    expect((await call.turns())[0]?.text).toBe(DEMO_SCRIPT.firstMessage)
    expect(latest()?.settings.voice).toBe('alloy')
    await call.sees('stream-audio')
    const word = speak(DEMO_SCRIPT.firstMessage, 'alloy').subarray(8_000, 8_480)
    await until('the first words are heard', () => call.caller.heard.includes(word))
    const [row] = await world.db.query(
      `select voice_withheld as withheld, exists (select from call_event e where e.call_id = c.id and e.state_after = 'hold') as held
       from call_log c where id = $1`,
      [await call.id()],
    )
    expect(row).toEqual({ withheld: 'backend_cannot', held: false })
    call.speak(1_200)
    await call.hasTurns(2)
    await until('the caller’s words are written down', async () =>
      (await call.turns()).some(({ role, text }) => role === 'caller' && text.includes('spoke for')),
    )
    await hangsUp(call)
  })

  // A machine that stands still for a moment between the two reckonings has each of them right, and them apart.
  it('who cuts in silences the agent at once, and the vendor is told how far it was heard', {
    retry: 2,
  }, async () => {
    await says(LONG)
    const call = await greeted()
    const session = latest()
    await until('some seconds are heard', () => call.caller.heard.length > 8 * 8_000)
    call.speak(1_500)
    const { unheardMs } = await call.sees('cleared', (entry) => entry.unheardMs > 0)
    const { beforeMs, audioEndMs } = await until('the vendor is told', () => session?.truncations[0])
    expect(Math.abs(beforeMs - audioEndMs - unheardMs)).toBeLessThanOrEqual(TOLERANCE_MS)
    expect(session?.errors).toEqual([])
    const [turn] = await until('it is written down', async () => {
      const turns = await call.turns()
      return turns[0]?.interrupted ? turns : null
    })
    const share = audioEndMs / (speak(LONG, 'alloy').length / 8)
    expect(LONG.startsWith(turn?.heard ?? '?')).toBe(true)
    expect(Math.abs((turn?.heard?.length ?? 0) / LONG.length - share)).toBeLessThan(0.15)
    await hangsUp(call)
  })

  it('who loses the agent hears music, and then goes on where they were', async () => {
    await says('Shoes and more.')
    const call = await greeted()
    const before = latest()
    vendor.session(before?.id ?? '').destroy()
    const session = await goesOn(before)
    expect(session.items.map(({ text }) => text)).toContain('Shoes and more.')
    await until('they hear of it', async () =>
      (await call.turns()).some(({ text }) => text === DEMO_SCRIPT.reconnected),
    )
    expect(await call.state()).toBe('bridged.talking')
    await hangsUp(call)
  })

  it('whose session is over its time hears nothing of that', async () => {
    vendor.sessionMs = 8_000
    await says('Shoes and more.')
    const call = await greeted()
    const before = latest()
    const session = await goesOn(before)
    await until('the session before is over', () => before?.closeCode !== null)
    expect(session.items.map(({ text }) => text)).toEqual(['Shoes and more.'])
    const types = (await call.events()).map(({ type }) => type)
    expect(types).not.toContain('agent.lost')
    expect(await call.state()).toBe('bridged.talking')
    await hangsUp(call)
  })

  it('whose account has run dry hears the apology at once, and the record says why', async () => {
    vendor.refuse = QUOTA
    const sessions = vendor.sessions.size
    const call = dials()
    expect(await call.outcome()).toBe('agent_unreachable')
    const [lost] = await world.db.query<{ event: object }>(
      `select event from call_event where call_id = $1 and type = 'agent.lost'`,
      [await call.id()],
    )
    expect(lost?.event).toMatchObject({
      cause: 'http_429',
      isPermanent: true,
      detail: expect.stringContaining('insufficient_quota'),
    })
    expect(vendor.sessions.size).toBe(sessions)
  })

  it('whose answer fails twice goes on with an agent that is reached anew', async () => {
    await says('Shoes and more.')
    const call = await greeted()
    const before = latest()
    await until('the greeting is over', () => before?.items.some(({ status }) => status === 'completed'))
    const error = { type: 'server_error', code: 'server_error', message: 'Try later.' }
    vendor.failNextResponses.push(error, error)
    call.speak(1_000)
    await goesOn(before)
    await call.reaches('bridged.talking')
    await hangsUp(call)
  })

  it('whose node is killed goes on with the conversation when it is back', async () => {
    await says('Shoes and more.')
    const call = await greeted()
    const before = latest()
    await world.node.kill()
    await world.node.start()
    const session = await goesOn(before)
    expect(session.items.map(({ text }) => text)).toContain('Shoes and more.')
    await call.reaches('bridged.talking')
    await hangsUp(call)
  })
})
