import { expect, test } from 'vitest'
import { isVoiced, rms } from '../../src/audio/energy.ts'
import { encodeMuLaw, muLawSilence } from '../../src/audio/mulaw-buffer.ts'
import { tone } from '../support/tones.ts'

test('tells a voice from a quiet line', () => {
  expect(rms(new Int16Array())).toBe(0)
  expect(isVoiced(encodeMuLaw(tone(300, 8000, { ms: 100, amplitude: 3000 })))).toBe(true)
  expect(isVoiced(encodeMuLaw(tone(300, 8000, { ms: 100, amplitude: 60 })))).toBe(false)
  expect(isVoiced(muLawSilence(20))).toBe(false)
})
