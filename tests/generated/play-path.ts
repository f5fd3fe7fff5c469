import { expect, vi } from 'vitest'
import type { CallEvent } from '../../machines/call-events.ts'
import type { LegInstruction } from '../../machines/instructions.ts'
import type { CallPath, PathStep } from '../../src/model/call-paths.ts'
import type { RecordedEvent } from '../../src/persistence/call-queries.ts'
import type { ScriptedConversation } from '../support/scripted-vendor.ts'
import type { ScriptedWorld } from '../support/scripted-world.ts'
import { ExpectedCall } from './expected-call.ts'
import { FollowedCall } from './followed-call.ts'
import type { CarrierEvent, LegDriver } from './leg-driver.ts'
import type { Caller, Stage } from './stage.ts'

/** How long the service may take for what it does by itself: a clone to ask for, a socket to open or to close. */
const SOON = { timeout: 5_000, interval: 10 }

/** Whether all that happens to a call comes to one node, or each thing to another. */
export type Route = 'one node' | 'every node in turn'

/**
 * Plays a path on the running service: each step is done by the party it belongs to, over its own protocol, and after each
 * the call is what the chart says. Resolves with the events that the service wrote down.
 */
export async function playPath(
  { input, begins, steps }: CallPath,
  { stage, route = 'one node' }: { stage: Stage; route?: Route },
): Promise<RecordedEvent[]> {
  const caller = await stage.caller(input)
  const firstOrigin = stage.originFor(input)
  const nextOrigin = () => (route === 'one node' ? firstOrigin : stage.nextOrigin())
  const leg = stage.carrierFor(input).drive({ from: caller.from, firstOrigin, nextOrigin })
  const expected = new ExpectedCall(input)
  expect(expected.state).toEqual(begins)
  await leg.begin()
  const call = await FollowedCall.follow(stage.world, leg.providerCallId)
  const played = new PlayedCall(stage.world, { caller, leg, call, expected })
  try {
    await played.checkBeginning()
    for (const step of steps) await played.take(step)
    await played.checkReplay()
    return [...call.events]
  } finally {
    await played.leave()
  }
}

/** One call as it is, held against what it is expected to be. */
class PlayedCall {
  readonly #world: ScriptedWorld
  readonly #caller: Caller
  readonly #leg: LegDriver
  readonly #call: FollowedCall
  readonly #expected: ExpectedCall
  #clonedVoiceId: string | null = null

  constructor(
    world: ScriptedWorld,
    parts: { caller: Caller; leg: LegDriver; call: FollowedCall; expected: ExpectedCall },
  ) {
    this.#world = world
    this.#caller = parts.caller
    this.#leg = parts.leg
    this.#call = parts.call
    this.#expected = parts.expected
  }

  async checkBeginning(): Promise<void> {
    await this.#check(await this.#call.next('the beginning'), 'none')
  }

  async take(step: PathStep): Promise<void> {
    const event = step.party === 'timer' ? { type: step.timer } : step.event
    const before = this.#expected.place
    this.#expected.hear(event)
    const answer = step.party === 'timer' ? await this.#letFallDue(step.timer) : await this.#act(step.event)
    const recorded = await this.#call.next(event.type)
    expect(recorded.type).toBe(event.type)
    if (answer) expect(answer, `the answer to ${event.type}`).toEqual(this.#expected.instructions)
    await this.#check(recorded, before)
  }

  /** What was written down is what the chart makes of it again, step by step. Time was moved by hand, which it finds too early. */
  async checkReplay(): Promise<void> {
    const { steps } = await this.#call.replay()
    expect(steps.map(({ type }) => type)).toEqual(this.#call.events.map(({ type }) => type))
    const differences = steps.flatMap((step) => step.differences.filter(({ what }) => what !== 'timer'))
    expect(differences, 'what the replay finds').toEqual([])
  }

  /** Leaves nothing behind: the call ends, and so does everything that was opened for it. */
  async leave(): Promise<void> {
    this.#call.leave()
    await this.#leg.leave()
    if (this.#isCloning()) this.#world.vendor.failClone(this.#caller.cloneName ?? '')
    await vi.waitFor(() => expect(this.#openConversations()).toEqual([]), SOON)
  }

  async #act(event: CallEvent): Promise<LegInstruction[] | null> {
    switch (event.type) {
      case 'agent.ready':
        this.#agent().begin()
        return null
      case 'agent.lost':
        this.#agent().drop()
        return null
      case 'agent.ended':
        this.#agent().end()
        return null
      case 'voice.ready':
        this.#clonedVoiceId = this.#world.vendor.finishClone(this.#caller.cloneName ?? '')
        return null
      case 'voice.failed':
        this.#world.vendor.failClone(this.#caller.cloneName ?? '')
        return null
      case 'operator.hangupRequested':
        await this.#hangUpAsOperator()
        return null
      case 'agent.overrideRefused':
        throw new Error('What a vendor refuses is told in the stories of its agent, not here.')
      case 'relay.unresponsive':
        throw new Error('What nodes say of each other is told in the stories of nodes, not here.')
      default:
        return this.#leg.perform(event satisfies CarrierEvent)
    }
  }

  /** The newest conversation: it was waited for when the step that began it was checked. */
  #agent(): ScriptedConversation {
    const newest = this.#world.vendor.conversationsOf(this.#call.id).at(-1)
    if (!newest) throw new Error('The agent has not been called.')
    return newest
  }

  async #hangUpAsOperator(): Promise<void> {
    const response = await this.#world.admin(`/calls/${this.#call.id}/hangup`, { method: 'POST' })
    expect(response.status).toBe(202)
  }

  /** Moves the timer's time to now; the service's own search for due timers does the rest. */
  async #letFallDue(timer: string): Promise<null> {
    const moved = await this.#world.db.query(
      'update call_timer set due_at = now() where call_id = $1 and timer_id = $2 returning timer_id',
      [this.#call.id, timer],
    )
    expect(moved, `timers called ${timer}`).toHaveLength(1)
    return null
  }

  async #check(recorded: RecordedEvent, before: string): Promise<void> {
    const { place, instructions, orders, mayStillPlay } = this.#expected
    const { id: legId, endedAt } = await this.#call.leg()
    expect(recorded).toMatchObject({ stateBefore: before, stateAfter: place, effects: this.#effects(legId) })
    expect(endedAt !== null, 'whether the leg is over').toBe(place === 'ended')
    await this.#checkShown()
    await this.#leg.expectTold({ instructions, orders, mayStillPlay })
    await this.#checkEffects()
    await vi.waitFor(() => this.#checkSockets(), SOON)
  }

  async #checkShown(): Promise<void> {
    const { state, bridge, voice, endReason } = this.#expected.state
    const isOver = state === 'ended'
    const shown = await this.#call.show()
    const outcome = isOver ? endReason : null
    expect(shown).toMatchObject({ state, bridge, outcome, fault: this.#expected.fault })
    expect(shown.voiceId).toBe(this.#voiceId())
    expect(shown.endedAt !== null, 'whether the call is over').toBe(isOver)
    if (voice) expect(shown.voice).toBe(voice)
  }

  /** What the call asked the world for has reached it, and nothing else. */
  async #checkEffects(): Promise<void> {
    const asked = this.#expected.effects.map(({ type }) => type)
    if (asked.includes('requestClone')) await vi.waitFor(() => expect(this.#isCloning()).toBe(true), SOON)
    if (asked.includes('recordCloneTimeout'))
      await vi.waitFor(async () => expect(await this.#timeoutsWrittenDown()).toBe(1), SOON)
  }

  /** A bridge has one stream and one conversation, and nothing else has either. */
  #checkSockets(): void {
    const { state, bridge } = this.#expected.state
    const isBridged = state === 'bridged'
    expect(this.#world.vendor.conversationsOf(this.#call.id)).toHaveLength(this.#expected.conversations)
    expect(this.#openConversations()).toHaveLength(isBridged && bridge !== 'backingOff' ? 1 : 0)
    if (this.#expected.mayStillPlay) return
    expect(this.#leg.isStreaming(), 'whether a stream is open').toBe(isBridged)
  }

  #openConversations(): ScriptedConversation[] {
    return this.#world.vendor.conversationsOf(this.#call.id).filter(({ isOpen }) => isOpen)
  }

  #isCloning(): boolean {
    const { cloneName } = this.#caller
    return cloneName !== null && this.#world.vendor.isCloning(cloneName)
  }

  async #timeoutsWrittenDown(): Promise<number> {
    const sql = `select 1 from voice_clone_log where sample_key = $1 and result = 'timed_out'`
    return (await this.#world.db.query(sql, [this.#caller.sampleKey])).length
  }

  /** The chart's, for the samples of this very caller. */
  #effects(legId: string): { type: string; params: object }[] {
    const { sampleKey } = this.#caller
    return this.#expected.effects.map(({ type, params }) => ({
      type,
      params: {
        ...params,
        ...('sampleKey' in params && { sampleKey }),
        ...('leg' in params && { leg: legId }),
      },
    }))
  }

  #voiceId(): string | null {
    if (this.#expected.voiceId === 'cloned-voice') return this.#clonedVoiceId
    return this.#expected.voiceId === 'cached-voice' ? this.#caller.cachedVoiceId : null
  }
}
