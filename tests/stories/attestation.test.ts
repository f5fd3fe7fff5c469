import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { World } from '../support/world.ts'

/* Whoever claims your number does not get your voice. */

const PASSED = 'TN-Validation-Passed-A'
const FAILED = 'TN-Validation-Failed-A'

let world: World
beforeAll(async () => {
  world = await World.begin()
})
afterEach(() => world.mend())
afterAll(() => world.end())

const setTrust = (caller: string, trust: string | null, node = world.node) =>
  world.admin(
    `/voices/${encodeURIComponent(caller)}`,
    {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ trust }),
    },
    node,
  )

/** Calls, hears the agent, and tells what the API says of the call. */
async function called(from: string, verstat: string | null) {
  const call = world.call(from, verstat)
  await call.conversation(1)
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
  const shown = (await (await world.admin(`/calls/${await call.id()}`)).json()) as Record<string, unknown>
  const { voice, callerVerification, voiceWithheld } = shown
  return { call, voice, callerVerification, voiceWithheld }
}

const own = { voice: expect.stringMatching(/^clon|^cached/), voiceWithheld: null }
const withheld = (voiceWithheld: string) => ({ voice: 'default', voiceWithheld })

describe('A voice on file', () => {
  test('is heard by whom the carrier brings, unless it found the signature wrong', async () => {
    const caller = await world.newCallerWithVoice()
    const { cloneRequests } = world.vendor
    expect(await called(caller, FAILED)).toMatchObject({
      ...withheld('verification_failed'),
      callerVerification: 'failed',
    })
    expect(world.vendor.cloneRequests).toBe(cloneRequests)
    expect(await called(caller, null)).toMatchObject({ ...own, callerVerification: 'trunk' })
    expect(await called(caller, PASSED)).toMatchObject({ ...own, callerVerification: 'attested' })
  })

  test('that is for attested callers is heard by nobody else, and says so', async () => {
    const caller = await world.newCallerWithVoice()
    expect((await setTrust(caller, 'attested')).status).toBe(200)
    const { call, ...seen } = await called(caller, 'TN-Validation-Passed-B')
    expect(seen).toMatchObject(withheld('not_attested'))
    // Who is not believed waits for nothing.
    expect((await call.events()).map(({ after }) => after)).not.toContain('hold')
    const events = await world.admin(`/calls/${await call.id()}/events`)
    expect(JSON.stringify(await events.json())).toContain('"withheld":"not_attested"')
    expect(await called(caller, PASSED)).toMatchObject(own)
  })

  test('that is for anybody is heard by anybody', async () => {
    const caller = await world.newCallerWithVoice()
    await setTrust(caller, 'any')
    expect(await called(caller, FAILED)).toMatchObject(own)
    // Samples that replace others change nothing about that.
    await world.giveVoice(caller)
    expect(await called(caller, FAILED)).toMatchObject(own)
  })

  test('is not heard by a phone that calls itself by its number at a SIP domain', async () => {
    const caller = await world.newCallerWithVoice()
    const seen = await called(`sip:${caller}@office.sip.example.com`, PASSED)
    expect(seen).toMatchObject({ ...withheld('not_verified'), callerVerification: 'unverified' })
  })

  test('that asks for nothing of its own is heard by whom VOICE_TRUST names', async () => {
    const caller = await world.newCallerWithVoice()
    const strict = await world.startNode({ VOICE_TRUST: 'attested' })
    world.sendCallsTo(strict.origin)
    expect(await called(caller, null)).toMatchObject(withheld('not_attested'))
    await setTrust(caller, 'trunk')
    expect(await called(caller, null)).toMatchObject(own)
    world.sendCallsTo(world.node.origin)
  }, 60_000)

  test('is counted when it is withheld', async () => {
    const metrics = await fetch(`${world.node.origin}/metrics`, {
      headers: { authorization: `Bearer ${world.adminKey}` },
    })
    expect(await metrics.text()).toMatch(
      /precall_voice_withheld_total\{reason="verification_failed"\} 1\n.*reason="not_attested"\} 1\n/s,
    )
  })
})
