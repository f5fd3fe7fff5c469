import { useQueries } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { loadRecording, playRecording, type Recording } from './recording.ts'
import type { CallStep } from './steps.ts'
import type { Cursor } from './use-cursor.ts'

/** A recording, and when its conversation began, in milliseconds since the call did. */
export type PlacedRecording = Recording & { from: number }

export type Recordings = {
  recordings: readonly PlacedRecording[]
  /** Why one could not be had. */
  fault: string | null
  isPlaying: boolean
  /** Plays from the moment that is looked at, or from where the next conversation begins; or stops. */
  toggle: () => void
  stop: () => void
}

/** The sound of a call's conversations; playing moves the cursor along. */
export function useRecordings(
  callId: string,
  recorded: readonly string[],
  steps: readonly CallStep[],
  cursor: Cursor,
): Recordings {
  const { loaded, fault } = useLoaded(callId, recorded)
  const [isPlaying, setPlaying] = useState(false)
  const stopping = useRef<(() => void) | null>(null)
  const stop = useCallback(() => {
    stopping.current?.()
    stopping.current = null
    setPlaying(false)
  }, [])
  useEffect(() => stop, [stop])

  const recordings = loaded.flatMap((recording) => {
    const began = steps.find(
      ({ type, event }) => type === 'agent.ready' && event.conversationId === recording.conversationId,
    )
    return began ? [{ ...recording, from: began.ms }] : []
  })
  const play = () => {
    const at = cursor.ms ?? 0
    const recording = recordings.find(({ from, length }) => at < from + length) ?? recordings[0]
    if (!recording) return
    const { from, length } = recording
    const begin = at >= from && at < from + length ? at - from : 0
    setPlaying(true)
    stopping.current = playRecording(recording, begin, (ms) => cursor.seek(from + ms), stop)
  }
  return { recordings, fault, isPlaying, toggle: isPlaying ? stop : play, stop }
}

/** Each recording is asked for once, and not kept when nobody looks at its call any more: decoded it is large. */
const useLoaded = (callId: string, recorded: readonly string[]) =>
  useQueries({
    queries: recorded.map((conversationId) => ({
      queryKey: ['recording', callId, conversationId],
      queryFn: () => loadRecording(callId, conversationId),
      staleTime: Infinity,
      gcTime: 0,
      structuralSharing: false as const,
    })),
    combine: loadedOf,
  })

type Asked = { data: Recording | null | undefined; error: Error | null }

function loadedOf(asked: readonly Asked[]): { loaded: readonly Recording[]; fault: string | null } {
  const failed = asked.find(({ error }) => error !== null)
  const isTooLong = asked.some(({ data }) => data === null)
  return {
    loaded: asked.flatMap(({ data }) => data ?? []),
    fault: failed
      ? `The recording cannot be shown: ${failed.error?.message}`
      : isTooLong
        ? 'The recording is too long to be shown here.'
        : null,
  }
}
