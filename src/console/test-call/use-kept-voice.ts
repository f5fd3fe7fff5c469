import type { VoicePage } from '../../http/voices/voice-list-routes.ts'
import { serviceNow } from '../api/service-clock.ts'
import { useRead } from '../api/use-read.ts'

/** What is kept of a caller's voice: nothing, a sample to clone, or a clone that will be used; unknown until it was asked. */
export type Kept = 'unknown' | 'none' | 'sample' | 'clone'

/** How often somebody else may have put a voice on file, or a clone may have run out. */
const REFRESH_MS = 10_000

export function useKeptVoice(caller: string): Kept {
  const query = new URLSearchParams({ search: caller, limit: '1' })
  const { value } = useRead<VoicePage>(`/api/v1/voices?${query}`, REFRESH_MS)
  return value ? keptOf(value.voices.find(({ callerId }) => callerId === caller)) : 'unknown'
}

function keptOf(voice: VoicePage['voices'][number] | undefined): Kept {
  if (!voice) return 'none'
  const { status, expiresAt } = voice.clone ?? {}
  const isKept = status === 'ready' && (expiresAt == null || Date.parse(expiresAt) > serviceNow())
  return isKept ? 'clone' : 'sample'
}
