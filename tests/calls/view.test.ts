import { expect, test } from 'vitest'
import type { VoiceLookup } from '../../machines/call-events.ts'
import { stateOfRow } from '../../src/calls/retire.ts'
import { begin, INPUTS, viewOf } from '../../src/model/call-model.ts'

const { bridgeNumber: attempt, ...known } = viewOf(begin(INPUTS['voice to clone']).snapshot).context
const context = { ...known, attempt }
const CLONE: VoiceLookup = { kind: 'clone', sampleKey: 'sample', fallbackVoiceId: 'fallback' }

test.each<[voice: VoiceLookup, voiceId: string | null, said: string]>([
  [{ kind: 'default', voiceId: null }, null, 'default'],
  [{ kind: 'default', voiceId: 'house' }, 'house', 'default'],
  [{ kind: 'cached', voiceId: 'own', sampleKey: 'sample' }, 'own', 'cached'],
  [CLONE, 'own', 'cloned'],
  [CLONE, 'fallback', 'default'],
  [{ ...CLONE, fallbackVoiceId: null }, null, 'default'],
  [{ ...CLONE, fallbackVoiceId: null }, 'own', 'cloned'],
])('of a call that an older chart has ended, %j spoken with %j is told as %s', (voice, voiceId, said) => {
  const snapshot = { status: 'done', value: 'ended', context: { ...context, voice, voiceId } }
  const view = stateOfRow({ id: 'call', snapshot, chartVersion: '2', outcome: 'caller_hung_up' })
  expect(view).toMatchObject({ state: 'ended', bridge: null, voice: said })
})
