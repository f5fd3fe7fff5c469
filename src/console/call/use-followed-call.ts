import { useQuery } from '@tanstack/react-query'
import type { Call, CallRecord, Turn } from '../api/calls-api.ts'
import { readingOf } from '../api/use-read.ts'
import { Store, useStore } from '../store.ts'
import { type FollowedCall, hasEnded } from './followed-call.ts'
import { useConversation } from './use-conversation.ts'

export type CallNow = {
  records: readonly CallRecord[]
  turns: readonly Turn[]
  /** The conversations of which there is a recording. */
  recorded: readonly string[]
  /** The service does not answer: what is shown may be old. */
  isLost: boolean
}

const NOTHING_YET = new Store<readonly CallRecord[]>([])

/** What has happened to a call so far; nothing while there is none. */
export const useRecords = (followed: FollowedCall | null): readonly CallRecord[] =>
  useStore(followed?.records ?? NOTHING_YET)

/** What is known about a call so far. */
export function useFollowedCall(followed: FollowedCall | null): CallNow {
  const records = useRecords(followed)
  const end = hasEnded(records) ? records.at(-1) : undefined
  return { records, ...useConversation(followed?.callId ?? null, end?.at ?? null) }
}

/** Only known once the call has ended. */
export function useOutcome(followed: FollowedCall | null): Call['outcome'] {
  const isOver = hasEnded(useRecords(followed))
  const call = useQuery({ ...readingOf<Call>(`/api/v1/calls/${followed?.callId}`), enabled: isOver })
  return isOver ? (call.data?.outcome ?? null) : null
}
