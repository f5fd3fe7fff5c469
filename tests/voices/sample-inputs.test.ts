import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { writeMuLawWav } from '../../src/audio/wav.ts'
import { contentOf } from '../../src/runtime/spool.ts'
import { secondsOf } from '../../src/voices/sample-length.ts'
import { checkSamples } from '../../src/voices/samples.ts'

/* Recordings as recorders, phones and browsers write them (synthetic speech, tests/voices/inputs). */

const read = (name: string) => readFileSync(new URL(`inputs/${name}`, import.meta.url))
const check = (fileName: string, bytes: Buffer = read(fileName)) =>
  checkSamples([{ fileName, content: contentOf(bytes) }])

test.each([
  ['recorder-cut-off.wav', 'wav', 'audio/wav', 3.7],
  ['broadcast.rf64.wav', 'wav', 'audio/wav', 3.4],
  ['cut-in-mid-frame.mp3', 'mp3', 'audio/mpeg', 6.6],
  ['phone-memo.m4a', 'm4a', 'audio/mp4', 10],
  ['browser-recording.webm', 'webm', 'audio/webm', 10],
] as const)('%s is taken, and %s by its content', async (fileName, name, mimeType, seconds) => {
  const bytes = read(fileName)
  expect(await check(fileName)).toMatchObject({ samples: [{ fileName, mimeType, size: bytes.length }] })
  expect(await secondsOf({ name, mimeType }, bytes)).toBeCloseTo(seconds, 0)
})

test('a WAV that was cut off before its sound is refused', async () => {
  expect(await check('header-only.wav')).toEqual({
    refused: ['header-only.wav is wav without any sound in it: record it again'],
  })
})

test.each(['.mpeg', 'Ann 2026.11.20', 'speech.mp3', 'no ending'])(
  '%s may be the name of a WAV',
  async (name) => {
    expect(await check(name, writeMuLawWav(Buffer.alloc(8_000)))).toMatchObject({
      samples: [{ fileName: name, mimeType: 'audio/wav' }],
    })
  },
)

test('what is no sound is refused with what to do', async () => {
  const refused =
    'page.wav is not wav, mp3, ogg, flac, m4a, webm or aac by its content: convert it to wav or mp3'
  expect(await check('page.wav', Buffer.from('<html>'))).toEqual({ refused: [refused] })
})
