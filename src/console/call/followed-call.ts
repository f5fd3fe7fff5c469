import type { CallRecord } from '../api/calls-api.ts'
import { type FollowOptions, followEvents } from '../api/follow-events.ts'
import { Store } from '../store.ts'

/** The events of one call, as they are committed, until it has ended. */
export class FollowedCall {
  readonly callId: string
  readonly records = new Store<readonly CallRecord[]>([])
  readonly close: () => void

  constructor(callId: string, options: FollowOptions = {}) {
    this.callId = callId
    this.close = followEvents(callId, (record) => this.#add(record), options)
  }

  #add(record: CallRecord): void {
    this.records.set([...this.records.get(), record])
    if (hasEnded(this.records.get())) this.close()
  }
}

export const hasEnded = (records: readonly CallRecord[]): boolean => records.at(-1)?.stateAfter === 'ended'
