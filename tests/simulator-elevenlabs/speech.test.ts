import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rms } from '../../src/audio/energy.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { readWav } from '../../src/audio/wav.ts'
import manifest from '../../src/simulator/assets/speech/manifest.json' with { type: 'json' }
import { DEFAULT_VOICE_ID, pitchOf, speak } from '../../src/simulator/assets/speech.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { VoiceActivity } from '../../src/simulator/voice-activity.ts'

const ASSETS = join(import.meta.dirname, '../../src/simulator/assets')
const GREETING = 'Hello, and thank you for calling. One moment please while I get ready to speak with you.'

describe('recorded speech', () => {
  it('has every sentence of the demo', () => {
    const { firstMessage, replies, stillThere, goodbye } = DEMO_SCRIPT
    const sentences = [
      GREETING,
      'Sorry, we cannot take your call right now. Please try again in a moment.',
      'I am sorry, something went wrong on our side. Please call again in a little while. Goodbye.',
      'Sorry, we were cut off for a moment. Where were we?',
      firstMessage,
      ...replies,
      stillThere,
      goodbye,
    ]
    expect(sentences.filter((sentence) => !Object.hasOwn(manifest, sentence))).toEqual([])
  })

  it('has exactly the files that its manifest names', () => {
    const files = readdirSync(join(ASSETS, 'speech')).filter((file) => file.endsWith('.ulaw'))
    expect(files.sort()).toEqual(Object.values(manifest).sort())
  })

  it('is spoken as it was recorded in the default voice, however the words are spaced', () => {
    const recorded = readFileSync(join(ASSETS, 'speech/greeting.ulaw'))
    expect(speak(GREETING)).toEqual(recorded)
    expect(speak(`  ${GREETING.replace('. ', '.\n')} `, DEFAULT_VOICE_ID)).toEqual(recorded)
  })

  it('stays small enough to be downloaded by everyone', () => {
    const bytes = readdirSync(ASSETS, { recursive: true, encoding: 'utf8' })
      .map((file) => statSync(join(ASSETS, file)))
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + entry.size, 0)
    expect(bytes).toBeLessThan(1.2e6)
  })
})

describe('voices', () => {
  it('differ from each other and from the default one, and are always the same', () => {
    const ids = ['clone-of-alice', 'clone-of-bob', 'clone-of-carol', DEFAULT_VOICE_ID]
    const lengths = ids.map((id) => speak(GREETING, id).length)
    expect(new Set(lengths).size).toBe(ids.length)
    expect(ids.map((id) => speak(GREETING, id).length)).toEqual(lengths)
  })

  it('are shifted enough to be told from the default voice and little enough to be understood', () => {
    for (let i = 0; i < 500; i++) {
      const pitch = pitchOf(`voice ${i}`)
      const change = pitch > 1 ? pitch : 1 / pitch
      expect(change).toBeGreaterThanOrEqual(1.069)
      expect(change).toBeLessThanOrEqual(1.241)
    }
  })
})

describe('babble', () => {
  it('lasts as long as the words would, is audible, and never clips', () => {
    const short = speak('This was never recorded.')
    const long = speak(
      'This was never recorded, and it goes on for a good deal longer than the other one did.',
    )
    expect(short.length / 8).toBeGreaterThan(700)
    expect(long.length).toBeGreaterThan(2.5 * short.length)
    const samples = decodeMuLaw(long)
    expect(rms(samples)).toBeGreaterThan(1000)
    expect(samples.every((sample) => Math.abs(sample) < 32000)).toBe(true)
  })

  it.each(['', '...', '42', 'Ωμέγα', 'hmm'])('copes with %j', (text) => {
    expect(() => speak(text)).not.toThrow()
  })
})

describe('the sample of a caller', () => {
  const { samples, rate } = readWav(readFileSync(join(ASSETS, 'caller-sample.wav')))

  it('is long enough to be cloned', () => {
    expect(rate).toBe(8000)
    expect(samples.length / rate).toBeGreaterThan(10)
  })

  it('holds four utterances, with room between them for an answer', () => {
    const spoken: number[] = []
    const hearing = new VoiceActivity({
      voiceStarted: () => {},
      voiceStopped: (durationMs) => spoken.push(durationMs),
    })
    hearing.hear(samples)
    expect(spoken).toHaveLength(4)
    expect(Math.min(...spoken)).toBeGreaterThan(1000)
  })
})
