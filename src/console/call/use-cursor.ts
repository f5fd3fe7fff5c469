import { useCallback, useEffect, useRef, useState } from 'react'
import { replaceQuery } from '../routing/hash-route.ts'
import { type CallStep, stepAt } from './steps.ts'

/** How long each step is shown while the call is played. */
const PLAY_MS = 900

export type Cursor = {
  /** The step that is looked at. */
  index: number
  /** The moment that is looked at, in milliseconds since the call began; null means the present, or the end. */
  ms: number | null
  isPlaying: boolean
  /** Goes to a step by its place. */
  go(index: number): void
  goToSeq(seq: number): void
  /** Goes to a moment between two steps. */
  seek(ms: number): void
  /** Follows the call again, or goes to its end. */
  follow(): void
  play(isPlaying: boolean): void
}

type Followed = {
  isLive: boolean
  /** The steps so far have all been read: one that is not among them is not there. */
  isRead: boolean
  /** The step that the address names. */
  wanted: string | null
}

/** Where in a call one is. It stays with the newest step until somebody moves it; the address keeps the step. */
export function useCursor(steps: readonly CallStep[], { isLive, isRead, wanted }: Followed): Cursor {
  const [ms, setMs] = useState<number | null>(null)
  const [isPlaying, setPlaying] = useState(false)
  const obeyed = useRef<string | null>(null)
  const last = Math.max(0, steps.length - 1)
  const index = ms === null ? last : stepAt(steps, ms)

  const go = useCallback(
    (to: number) => {
      const step = steps[Math.min(Math.max(0, to), last)]
      if (!step) return
      setMs(to >= last && isLive ? null : step.ms)
      replaceQuery({ step: to >= last && isLive ? '' : String(step.seq) })
    },
    [steps, last, isLive],
  )

  // The step of the address, as soon as it is there; one that is not becomes the last, in the address too.
  useEffect(() => {
    if (wanted === obeyed.current) return
    const step = steps.find(({ seq }) => String(seq) === wanted)
    if (wanted !== null && !step && !isRead) return
    obeyed.current = wanted
    if (wanted === null || step) setMs(step?.ms ?? null)
    else go(last)
  }, [steps, wanted, isRead, go, last])

  usePlaying({ isPlaying, index, last, isLive }, go, setPlaying)

  return {
    index,
    ms,
    isPlaying,
    go,
    goToSeq: (seq) => go(steps.findIndex((step) => step.seq === seq)),
    seek: (to) => {
      setPlaying(false)
      setMs(to)
    },
    follow: () => {
      setMs(null)
      replaceQuery({})
    },
    play: (isToPlay) => {
      if (isToPlay && index >= last) go(0)
      setPlaying(isToPlay)
    },
  }
}

type Playing = { isPlaying: boolean; index: number; last: number; isLive: boolean }

/** Goes on by itself while it plays, and stops at the end of a call that is over. */
function usePlaying(
  { isPlaying, index, last, isLive }: Playing,
  go: Cursor['go'],
  setPlaying: (isPlaying: boolean) => void,
): void {
  useEffect(() => {
    if (!isPlaying) return
    if (index >= last && !isLive) return setPlaying(false)
    const next = setTimeout(() => go(index + 1), PLAY_MS)
    return () => clearTimeout(next)
  }, [isPlaying, index, last, isLive, go, setPlaying])
}
