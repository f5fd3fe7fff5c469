import { setTimeout as sleep } from 'node:timers/promises'
import type { CallSummary, RecordedEvent } from '../../src/persistence/call-queries.ts'
import type { Replay } from '../../src/replay/replay.ts'
import type { ScriptedWorld } from '../support/scripted-world.ts'

/** A timer that fell due is found within a second; only a fault lasts longer than this. */
const PATIENCE_MS = 8_000

type ShownLeg = {
  id: string
  providerCallId: string | null
  endedAt: string | null
  endReason: string | null
}
type Shown = Omit<CallSummary, 'startedAt' | 'endedAt'> & {
  startedAt: string
  endedAt: string | null
  legs: ShownLeg[]
}

/** One call as the admin API tells it: its state when asked, and each event as it happens. */
export class FollowedCall {
  readonly id: string
  /** Every event until now. */
  readonly events: RecordedEvent[] = []
  readonly #world: ScriptedWorld
  readonly #stream: AsyncGenerator<RecordedEvent>
  readonly #leaving: AbortController

  private constructor(
    id: string,
    world: ScriptedWorld,
    stream: AsyncGenerator<RecordedEvent>,
    leaving: AbortController,
  ) {
    this.id = id
    this.#world = world
    this.#stream = stream
    this.#leaving = leaving
  }

  /** Finds the call by its carrier's name for it. */
  static async follow(world: ScriptedWorld, providerCallId: string): Promise<FollowedCall> {
    const found = await world.admin(`/calls?provider_call_id=${encodeURIComponent(providerCallId)}`)
    if (!found.ok) throw new Error(`Calls are not shown: ${found.status} ${await found.text()}`)
    const { calls } = (await found.json()) as { calls: { id: string }[] }
    const [call] = calls
    if (!call || calls.length > 1) throw new Error(`${calls.length} calls are called ${providerCallId}.`)
    const leaving = new AbortController()
    const response = await world.admin(`/calls/${call.id}/events?follow`, { signal: leaving.signal })
    return new FollowedCall(call.id, world, eventsIn(response), leaving)
  }

  /** The caller's. */
  async leg(): Promise<ShownLeg> {
    const [leg] = (await this.show()).legs
    if (!leg) throw new Error(`Call ${this.id} has no leg.`)
    return leg
  }

  /** The next event that changes the call. Rejects when none comes. */
  async next(awaited: string): Promise<RecordedEvent> {
    const giveUp = new AbortController()
    const tooLate = sleep(PATIENCE_MS, null, { signal: giveUp.signal, ref: false }).catch(() => null)
    const next = await Promise.race([this.#stream.next(), tooLate])
    giveUp.abort()
    if (!next || next.done) {
      const happened = this.events.map(({ type }) => type).join(', ')
      throw new Error(
        `${awaited} was awaited and ${next ? 'the call ended' : 'did not come'} after: ${happened}.`,
      )
    }
    this.events.push(next.value)
    return next.value
  }

  async show(): Promise<Shown> {
    const response = await this.#world.admin(`/calls/${this.id}`)
    return (await response.json()) as Shown
  }

  async replay(): Promise<Replay> {
    const response = await this.#world.admin(`/calls/${this.id}/replay`)
    if (!response.ok) throw new Error(`There is no replay: ${response.status} ${await response.text()}`)
    return (await response.json()) as Replay
  }

  leave(): void {
    this.#leaving.abort()
  }
}

/** Reads https://html.spec.whatwg.org/multipage/server-sent-events.html as far as it is used here. */
async function* eventsIn(response: Response): AsyncGenerator<RecordedEvent> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const messages = text.split('\n\n')
    text = messages.pop() ?? ''
    for (const message of messages) {
      const data = /^data: (.*)$/m.exec(message)?.[1]
      if (data !== undefined) yield JSON.parse(data) as RecordedEvent
    }
  }
}
