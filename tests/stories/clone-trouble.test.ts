import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { FaultyAnswer } from '../../src/simulator/elevenlabs/faults.ts'
import { HTML_PAGE } from '../../src/simulator/elevenlabs/faults.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* The vendor does not make the voice that a caller waits for, in every way that it may not. The call goes on. */

const clonedVoices = (world: World) =>
  [...world.vendor.voices.values()]
    .filter((voice) => voice.category === 'cloned')
    .map((voice) => voice.voiceId)

/** Whether the agent speaks in the caller's own voice; waits until it speaks. */
async function speaksAsCaller(world: World, call: StoryCall): Promise<boolean> {
  const { voiceId } = await call.conversation(1)
  return clonedVoices(world).includes(voiceId ?? '')
}

async function hangUp(call: StoryCall): Promise<void> {
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
}

const cloneLog = async (world: World, result: string) =>
  world.db.query<{ detail: string | null }>('select detail from voice_clone_log where result = $1', [result])

/** Longer than any clone that is made takes on a busy machine; who waits in vain is given the time. */
const MAX_WAIT_SECONDS = 20

describe('When the vendor does not make the voice', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({
      settings: { CLONE_MAX_WAIT_SECONDS: String(MAX_WAIT_SECONDS) },
      vendor: { voiceLimit: 3 },
    })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  const refusals: [why: string, answer: FaultyAnswer, logged: RegExp][] = [
    ['the key is wrong', { status: 401, body: detail('invalid_api_key') }, /^unauthorized/],
    ['the plan has no cloning', { status: 403, body: detail('missing_permissions') }, /^unauthorized/],
    ['the request is malformed', { status: 422, body: { detail: [{ msg: 'Field required' }] } }, /^rejected/],
    ['the samples are no good', { status: 400, body: detail('invalid_file') }, /^rejected/],
    [
      'this month is used up',
      { status: 400, body: detail('voice_add_edit_limit_reached') },
      /^quota_exceeded/,
    ],
    ['it wants more patience than a caller has', tooMany('120'), /^rate_limited/],
  ]
  for (const [why, answer, logged] of refusals) {
    it(`because ${why}, the call goes on in the default voice and the reason is kept`, async () => {
      const requests = world.vendor.cloneRequests
      world.vendor.failNextClones([answer])
      const call = world.call(await world.newCallerWithVoice())
      expect(await speaksAsCaller(world, call)).toBe(false)
      expect(world.vendor.cloneRequests).toBe(requests + 1)
      expect((await cloneLog(world, 'failed')).at(-1)?.detail).toMatch(logged)
      await hangUp(call)
    })
  }

  it('because the samples are no good, the caller who calls again does not wait for the same answer', async () => {
    const requests = world.vendor.cloneRequests
    const caller = await world.newCallerWithVoice()
    world.vendor.failNextClones([{ status: 400, body: detail('invalid_file') }])
    for (let calls = 0; calls < 2; calls++) {
      const call = world.call(caller)
      expect(await speaksAsCaller(world, call)).toBe(false)
      await hangUp(call)
    }
    expect(world.vendor.cloneRequests).toBe(requests + 1)
  })

  it('at once because it is busy, it is asked again when it said, and the caller has their voice', async () => {
    world.vendor.failNextClones([tooMany('1')])
    const call = world.call(await world.newCallerWithVoice())
    expect(await speaksAsCaller(world, call)).toBe(true)
    await hangUp(call)
  })

  it('but answers with pages of HTML, it is asked three times, and the call goes on in the default voice', async () => {
    const requests = world.vendor.cloneRequests
    world.vendor.failNextClones([html(502), html(502), html(200)])
    const call = world.call(await world.newCallerWithVoice())
    expect(await speaksAsCaller(world, call)).toBe(false)
    await until('it is given up', async () =>
      (await cloneLog(world, 'failed')).at(-1)?.detail?.startsWith('unav'),
    )
    expect(world.vendor.cloneRequests).toBe(requests + 3)
    await hangUp(call)
  })

  it('and never answers, the call goes on in the default voice when the wait is too long, which is logged', async () => {
    world.vendor.hangClone = true
    const call = await callThatWaitsInVain(await world.newCallerWithVoice())
    expect(await speaksAsCaller(world, call)).toBe(false)
    await until('the time-out is logged', async () => (await cloneLog(world, 'timed_out')).length === 1)
    await hangUp(call)
  })

  it('in time, the caller who calls again has it', async () => {
    world.vendor.withholdClones = true
    const caller = await world.newCallerWithVoice()
    const first = await callThatWaitsInVain(caller)
    expect(await speaksAsCaller(world, first)).toBe(false)
    const before = clonedVoices(world).length
    world.vendor.withholdClones = false
    await until('the voice is there', () => clonedVoices(world).length === before + 1)
    await hangUp(first)
    const requests = world.vendor.cloneRequests
    const second = world.call(caller)
    expect(await speaksAsCaller(world, second)).toBe(true)
    expect(world.vendor.cloneRequests).toBe(requests)
    await hangUp(second)
  })

  it('because every slot is taken, the one that was used longest ago by nobody on the phone makes room', async () => {
    const calls: StoryCall[] = []
    const speakAsCaller = async () => {
      const call = world.call(await world.newCallerWithVoice())
      expect(await speaksAsCaller(world, call)).toBe(true)
      calls.push(call)
      return (await call.conversation(1)).voiceId ?? ''
    }
    // Anna stays on the phone, so that Bert's voice is the one to go, though hers is older.
    const annas = await speakAsCaller()
    const berts = await speakAsCaller()
    await hangUp(calls[1] as StoryCall)
    const carls = await speakAsCaller()
    await hangUp(calls[2] as StoryCall)
    const doras = await speakAsCaller()
    expect(clonedVoices(world).sort()).toEqual([annas, carls, doras].sort())
    expect(berts).not.toBe(doras)
    await hangUp(calls[0] as StoryCall)
    await hangUp(calls[3] as StoryCall)
  })

  it('because it is down, it is left alone for a while, which health tells, and calls go on', async () => {
    world.vendor.failNextClones(Array.from({ length: 6 }, () => ({ status: 503 })))
    for (let call = 0; call < 2; call++) {
      const waiting = world.call(await world.newCallerWithVoice())
      expect(await speaksAsCaller(world, waiting)).toBe(false)
      await hangUp(waiting)
    }
    await until('the vendor is left alone', async () => (await vendorHealth()) === 'failing')
    const requests = world.vendor.cloneRequests
    const call = world.call(await world.newCallerWithVoice())
    expect(await speaksAsCaller(world, call)).toBe(false)
    expect(world.vendor.cloneRequests).toBe(requests)
    await hangUp(call)
  })

  async function callThatWaitsInVain(from: string): Promise<StoryCall> {
    const call = world.call(from)
    await call.reaches('hold')
    await world.passTime(MAX_WAIT_SECONDS * 1000)
    return call
  }

  async function vendorHealth(): Promise<string> {
    const answer = await fetch(`${world.node.origin}/health`)
    expect(answer.status).toBe(200)
    return ((await answer.json()) as { elevenlabs: string }).elevenlabs
  }
})

function detail(status: string) {
  return { detail: { status, message: 'Refused on purpose.' } }
}

function tooMany(seconds: string): FaultyAnswer {
  return { status: 429, body: detail('too_many_concurrent_requests'), headers: { 'Retry-After': seconds } }
}

function html(status: number): FaultyAnswer {
  return { status, body: HTML_PAGE }
}
