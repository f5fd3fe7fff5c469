import { useEffect, useState } from 'react'
import { ApiError, type Call, callById } from '../api/calls-api.ts'
import { type Replay, replayOf } from '../api/replay-api.ts'
import { type CallNow, FollowedCall, NOTHING_YET } from './followed-call.ts'

export type KnownCall = CallNow & {
  call: Call | null
  /** Null until it is there, or when there is none: `replayFault` then says why. */
  replay: Replay | null
  replayFault: string | null
  /** Why nothing can be shown. */
  fault: { message: string; isUnknown: boolean } | null
}

const NOTHING: KnownCall = {
  ...NOTHING_YET,
  call: null,
  ...{ replay: null, replayFault: null, fault: null },
}

const RETRY_MS = 2_000
/** Events come in bunches; the replay of a whole call is asked for once for each bunch. */
const BUNCH_MS = 150

/** Everything about one call, live or past, kept up to date while it lives. */
export function useCall(id: string): KnownCall {
  const [known, setKnown] = useState(NOTHING)
  useEffect(() => {
    setKnown(NOTHING)
    const watched = new WatchedCall(id, (change) => setKnown((before) => ({ ...before, ...change })))
    return () => watched.close()
  }, [id])
  return known
}

class WatchedCall {
  readonly #id: string
  readonly #onChange: (change: Partial<KnownCall>) => void
  #followed: FollowedCall | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #replayedSeq = -1
  #isReplaying = false
  #isClosed = false

  constructor(id: string, onChange: (change: Partial<KnownCall>) => void) {
    this.#id = id
    this.#onChange = (change) => {
      if (!this.#isClosed) onChange(change)
    }
    void this.#open()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#followed?.close()
  }

  async #open(): Promise<void> {
    try {
      const call = await callById(this.#id)
      if (this.#isClosed) return
      this.#onChange({ call, fault: null })
      this.#followed = new FollowedCall(this.#id, { restsWhileHidden: true })
      this.#followed.now.subscribe(() => this.#news())
    } catch (error) {
      const isUnknown = error instanceof ApiError && error.status === 404
      this.#onChange({ fault: { message: (error as Error).message, isUnknown } })
      if (!isUnknown && !this.#isClosed) this.#timer = setTimeout(() => void this.#open(), RETRY_MS)
    }
  }

  #news(): void {
    const now = this.#followed?.now.get()
    if (!now) return
    this.#onChange(now)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#refresh(), BUNCH_MS)
  }

  async #refresh(): Promise<void> {
    const seq = this.#followed?.now.get().records.at(-1)?.seq ?? 0
    if (this.#isReplaying || this.#isClosed || seq === this.#replayedSeq) return
    this.#isReplaying = true
    const [replayed, call] = await Promise.all([
      replayOf(this.#id).then(
        (replay) => ({ replay, replayFault: null }),
        (error: Error) => ({ replay: null, replayFault: error.message }),
      ),
      callById(this.#id).catch(() => null),
    ])
    this.#isReplaying = false
    this.#replayedSeq = seq
    this.#onChange({ ...replayed, ...(call && { call }) })
    this.#news()
  }
}
