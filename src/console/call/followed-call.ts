import { type Call, type CallRecord, callById, conversationOf, type Turn } from '../api/calls-api.ts'
import { type FollowOptions, followEvents } from '../api/follow-events.ts'
import { Store } from '../store.ts'

const CONVERSATION_REFRESH_MS = 1_000
/** After the end, the agent's last words may be corrected, and the vendor sends its recording when it is ready. */
const LATER_REFRESHES_MS = [2_000, 4_000, 10_000, 30_000, 60_000]

export type CallNow = {
  records: readonly CallRecord[]
  turns: readonly Turn[]
  /** The conversations of which there is a recording. */
  recorded: readonly string[]
  /** The service does not answer: what is shown may be old. */
  isLost: boolean
  /** Only known once the call has ended. */
  outcome: Call['outcome']
}

export const NOTHING_YET: CallNow = { records: [], turns: [], recorded: [], isLost: false, outcome: null }

/** Everything that is known about one call, kept up to date until it has ended. */
export class FollowedCall {
  readonly callId: string
  readonly now = new Store<CallNow>(NOTHING_YET)
  readonly #unfollow: () => void
  readonly #refresh: ReturnType<typeof setInterval>
  #later: ReturnType<typeof setTimeout> | undefined

  constructor(callId: string, options: FollowOptions = {}) {
    this.callId = callId
    this.#unfollow = followEvents(callId, (record) => this.#add(record), options)
    this.#refresh = setInterval(() => this.#refreshConversation(), CONVERSATION_REFRESH_MS)
  }

  close(): void {
    this.#unfollow()
    clearInterval(this.#refresh)
    clearTimeout(this.#later)
  }

  #add(record: CallRecord): void {
    const now = this.now.get()
    this.now.set({ ...now, records: [...now.records, record] })
    if (record.stateAfter === 'ended') this.#finish()
  }

  #finish(): void {
    this.close()
    void this.#refreshOutcome()
    void this.#refreshConversation()
    this.#refreshLater(LATER_REFRESHES_MS)
  }

  #refreshLater([next, ...rest]: readonly number[]): void {
    if (next === undefined) return
    this.#later = setTimeout(() => {
      void this.#refreshConversation()
      this.#refreshLater(rest)
    }, next)
  }

  /** What could not be read now is read a second later. */
  async #refreshConversation(): Promise<void> {
    const conversation = await conversationOf(this.callId).catch(() => null)
    if (!conversation) return this.now.set({ ...this.now.get(), isLost: true })
    const { turns, reports } = conversation
    const recorded = reports.flatMap(({ conversationId, hasAudio }) => (hasAudio ? [conversationId] : []))
    this.now.set({ ...this.now.get(), turns, recorded, isLost: false })
  }

  async #refreshOutcome(): Promise<void> {
    const call = await callById(this.callId).catch(() => null)
    if (call) this.now.set({ ...this.now.get(), outcome: call.outcome })
  }
}
