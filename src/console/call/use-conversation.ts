import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Conversation } from '../api/calls-api.ts'
import { serviceNow } from '../api/service-clock.ts'
import { readingOf } from '../api/use-read.ts'

const REFRESH_MS = 1_000
/** After the end, the agent's last words may be corrected, and the vendor sends its recording when it is ready. */
const LATER_MS = [2_000, 4_000, 8_000, 16_000, 32_000, 64_000]
const NOTHING_YET: Conversation = { turns: [], reports: [] }

/** What was said in a call, asked for while it lives, and then ever more seldom. */
export function useConversation(callId: string | null, endedAt: string | null) {
  const query = useQuery({
    ...readingOf<Conversation>(`/api/v1/calls/${callId}/conversation`),
    enabled: callId !== null,
    retry: true,
    refetchInterval: () => pauseOf(endedAt),
  })
  const { turns, reports } = query.data ?? NOTHING_YET
  const recorded = useMemo(
    () => reports.flatMap(({ conversationId, hasAudio }) => (hasAudio ? [conversationId] : [])),
    [reports],
  )
  return { turns, recorded, isLost: query.failureReason !== null }
}

function pauseOf(endedAt: string | null): number | false {
  if (endedAt === null) return REFRESH_MS
  const ago = serviceNow() - Date.parse(endedAt)
  return LATER_MS.find((pause) => ago < pause) ?? false
}
