import { type Call, type CallRecord, callById, conversationOf, type Turn } from '../api/calls-api.ts'
import { type FollowOptions, followEvents } from '../api/follow-events.ts'
import { Store } from '../store.ts'

const CONVERSATION_REFRESH_MS = 1_000
/** The agent's last words may be corrected after the call has ended. */
const LAST_REFRESH_MS = 2_000

export type CallNow = {
  records: readonly CallRecord[]
  turns: readonly Turn[]
  /** Only known once the call has ended. */
  outcome: Call['outcome']
}

/** Everything that is known about one call, kept up to date until it has ended. */
export class FollowedCall {
  readonly callId: string
  readonly now = new Store<CallNow>({ records: [], turns: [], outcome: null })
  readonly #unfollow: () => void
  readonly #refresh: ReturnType<typeof setInterval>
  #lastRefresh: ReturnType<typeof setTimeout> | undefined

  constructor(callId: string, options: FollowOptions = {}) {
    this.callId = callId
    this.#unfollow = followEvents(callId, (record) => this.#add(record), options)
    this.#refresh = setInterval(() => this.#refreshConversation(), CONVERSATION_REFRESH_MS)
  }

  close(): void {
    this.#unfollow()
    clearInterval(this.#refresh)
    clearTimeout(this.#lastRefresh)
  }

  #add(record: CallRecord): void {
    const now = this.now.get()
    this.now.set({ ...now, records: [...now.records, record] })
    if (record.stateAfter === 'ended') this.#finish()
  }

  #finish(): void {
    this.close()
    this.#refreshOutcome()
    this.#refreshConversation()
    this.#lastRefresh = setTimeout(() => this.#refreshConversation(), LAST_REFRESH_MS)
  }

  /** What could not be read now is read a second later; the list of recent calls says that the service does not answer. */
  async #refreshConversation(): Promise<void> {
    const turns = await conversationOf(this.callId).catch(() => null)
    if (turns) this.now.set({ ...this.now.get(), turns })
  }

  async #refreshOutcome(): Promise<void> {
    const call = await callById(this.callId).catch(() => null)
    if (call) this.now.set({ ...this.now.get(), outcome: call.outcome })
  }
}
