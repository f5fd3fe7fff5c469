import { expect, test } from 'vitest'
import type { VoiceLookup } from '../../machines/call-events.ts'
import { lastVoice } from '../../src/calls/view.ts'
import { begin, INPUTS, viewOf } from '../../src/model/call-model.ts'

const { context } = viewOf(begin(INPUTS['voice to clone']).snapshot)
const CLONE: VoiceLookup = { kind: 'clone', sampleKey: 'sample', fallbackVoiceId: 'fallback' }

test.each<[voice: VoiceLookup, voiceId: string | null, said: string]>([
  [{ kind: 'default', voiceId: null }, null, 'default'],
  [{ kind: 'default', voiceId: 'house' }, 'house', 'default'],
  [{ kind: 'cached', voiceId: 'own', sampleKey: 'sample' }, 'own', 'cached'],
  [CLONE, 'own', 'cloned'],
  [CLONE, 'fallback', 'default'],
  [{ ...CLONE, fallbackVoiceId: null }, null, 'default'],
  [{ ...CLONE, fallbackVoiceId: null }, 'own', 'cloned'],
])('of a call that is over, %j spoken with %j is told as %s', (voice, voiceId, said) => {
  expect(lastVoice({ ...context, voice, voiceId })).toBe(said)
})
