import type { Kept } from './use-kept-voice.ts'

type DemoCaller = { number: string; name: string; hint: (voice: Kept) => string }

const HINTS: Record<Kept, string> = {
  unknown: 'It is cloned while you wait on hold, or kept from an earlier call.',
  none: 'No voice is on file any more: default voice, no hold.',
  sample: 'It is cloned while you wait on hold.',
  clone: 'It was cloned for an earlier call and is kept: no hold.',
}

/** The service has a recorded voice on file for the first of these numbers, and knows nothing of the second. */
export const DEMO_CALLERS: readonly [DemoCaller, DemoCaller] = [
  {
    number: '+15550100001',
    name: 'A caller with a recorded voice',
    hint: (voice) => HINTS[voice],
  },
  {
    number: '+15550100002',
    name: 'A caller we don’t know',
    hint: () => 'Default voice, no hold.',
  },
]
