import type { Logger } from 'pino'
import { awakeMs, loopDelay } from '../../runtime/loop-delay.ts'
import type { SessionListener, SessionTerm } from './session-term.ts'

/*
 * The vendor ends each session after a time. Another is opened before that, and takes over in a pause of the conversation.
 */

/** The share of the lead below which a pause of the agent's is enough, whether or not the caller speaks. */
const IMPATIENT_SHARE = 1 / 4
/** One that could not be opened is tried again after so long, or sooner where little time is left. */
const RETRY_MS = 20_000
/** How often it is looked whether now is the time. */
const LOOK_MS = 1_000

/** How a conversation stands: nobody speaks or is about to, the agent says nothing just now, or neither. */
export type Pause = 'quiet' | 'agent-done' | 'none'

export type HandoverOptions<Session, Message> = {
  /** The share of a session's time that is left when the next one is opened. */
  leadShare: number
  /** Begins a session like the present one. */
  open: (listener: SessionListener<Message>) => Session
  pause: () => Pause
  /** It is the conversation's from now on. */
  takeOver: (session: Session, term: SessionTerm) => void
  /** What the next session hears of the vendor once it is the conversation's. */
  listener: Pick<SessionListener<Message>, 'message' | 'over'>
  log: Logger
}

/** Has the next session ready when the present one ends. */
export class Handover<Session extends { close(): void }, Message> {
  readonly #options: HandoverOptions<Session, Message>
  #next: { session: Session; term: SessionTerm | null } | null = null
  /** By `awakeMs`. */
  #endsAt = Number.POSITIVE_INFINITY
  #leadMs = 0
  #cancelTimer: () => void = () => {}
  #looking: NodeJS.Timeout | null = null

  constructor(options: HandoverOptions<Session, Message>) {
    this.#options = options
  }

  /** A session has begun that lasts so long. */
  began({ lastsMs }: SessionTerm): void {
    this.#cancelTimer()
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS)
    this.#endsAt = awakeMs() + lastsMs
    this.#leadMs = lastsMs * this.#options.leadShare
    this.#cancelTimer = loopDelay.after(lastsMs - this.#leadMs, () => this.#open())
  }

  /** Takes over at once; false when there is nobody to do so. */
  takeOver(): boolean {
    if (this.#next?.term == null) return false
    const { session, term } = this.#next
    this.#next = null
    this.#options.takeOver(session, term)
    return true
  }

  close(): void {
    this.#cancelTimer()
    if (this.#looking) clearInterval(this.#looking)
    this.#next?.session.close()
    this.#next = null
  }

  #look(): void {
    const leftMs = this.#endsAt - awakeMs()
    if (this.#next?.term == null) return
    const pause = this.#options.pause()
    const mayInterrupt = leftMs < this.#leadMs * IMPATIENT_SHARE
    if (pause === 'quiet' || (mayInterrupt && pause === 'agent-done')) this.takeOver()
  }

  #open(): void {
    const { open, listener, log } = this.#options
    const isNext = () => this.#next?.session === session
    const session = open({
      opened: (term) => {
        if (this.#next && isNext()) this.#next.term = term
      },
      message: (message) => {
        if (!isNext()) listener.message(message)
      },
      over: (end) => {
        if (!isNext()) return listener.over(end)
        this.#next = null
        log.warn({ end: end.kind === 'lost' ? end.cause : end.kind }, 'the next session could not be had')
        const leftMs = this.#endsAt - awakeMs()
        this.#cancelTimer = loopDelay.after(Math.min(RETRY_MS, Math.max(leftMs / 4, 250)), () => this.#open())
      },
    })
    this.#next = { session, term: null }
  }
}
