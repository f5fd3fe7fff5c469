import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ApiError, type CallDetails } from '../api/calls-api.ts'
import type { Replay } from '../api/replay-api.ts'
import { readingOf } from '../api/use-read.ts'
import { useSettled } from '../api/use-settled.ts'
import { FollowedCall } from './followed-call.ts'
import { type CallNow, useFollowedCall } from './use-followed-call.ts'

type KnownCall = CallNow & {
  call: CallDetails | null
  /** Null until it is there, or when there is none: `replayFault` then says why. */
  replay: Replay | null
  replayFault: string | null
  /** Why nothing can be shown. */
  fault: { message: string; isUnknown: boolean } | null
}

/** Events come in bunches; the replay of a whole call is asked for once for each bunch. */
const BUNCH_MS = 150

/** Everything about one call, live or past, kept up to date while it lives. */
export function useCall(id: string): KnownCall {
  const call = useQuery({
    ...readingOf<CallDetails>(`/api/v1/calls/${id}`),
    retry: (_times, error) => !isUnknown(error),
  })
  const now = useFollowedCall(useFollowing(id, call.data !== undefined))
  const seq = useSettled(now.records.at(-1)?.seq ?? 0, BUNCH_MS)
  const { refetch } = call
  useEffect(() => {
    if (seq > 0) void refetch()
  }, [seq, refetch])
  const replay = useReplay(id, seq)
  const fault = call.data ? null : (call.failureReason ?? call.error)
  return {
    ...now,
    ...replay,
    call: call.data ?? null,
    fault: fault && { message: fault.message, isUnknown: isUnknown(fault) },
  }
}

const isUnknown = (error: Error): boolean => error instanceof ApiError && error.status === 404

/** A call is followed as soon as it is known that there is one. */
function useFollowing(id: string, isThere: boolean): FollowedCall | null {
  const [followed, setFollowed] = useState<FollowedCall | null>(null)
  useEffect(() => {
    if (!isThere) return
    const opened = new FollowedCall(id, { restsWhileHidden: true })
    setFollowed(opened)
    return () => opened.close()
  }, [id, isThere])
  return followed
}

/** The call as it was after this many steps does not change any more, and is too large to be kept when it has made another. */
function useReplay(id: string, seq: number): Pick<KnownCall, 'replay' | 'replayFault'> {
  const path = `/api/v1/calls/${id}/replay`
  const replay = useQuery({
    ...readingOf<Replay>(path),
    queryKey: [path, seq],
    enabled: seq > 0,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    gcTime: 0,
  })
  return { replay: replay.data ?? null, replayFault: replay.error?.message ?? null }
}
