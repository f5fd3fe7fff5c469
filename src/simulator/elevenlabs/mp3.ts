import { setImmediate as nextTurn } from 'node:timers/promises'
import { createMp3Encoder } from 'wasm-media-encoders'

type Bitrate = 32 | 48 | 64 | 96 | 128 | 192

/** Encoded between two turns of the event loop; ten seconds take a few hundredths of one, which live calls do not notice. */
const SAMPLES_PER_TURN = 80_000

/** Mono MP3, the form in which the vendor hands out recordings. `bitrate` is in kilobits a second. */
export async function encodeMp3(samples: Int16Array, sampleRate: number, bitrate: Bitrate): Promise<Buffer> {
  const encoder = await createMp3Encoder()
  encoder.configure({ sampleRate, channels: 1, bitrate })
  const frames: Buffer[] = []
  for (let start = 0; start < samples.length; start += SAMPLES_PER_TURN) {
    const slice = Float32Array.from(samples.subarray(start, start + SAMPLES_PER_TURN), (s) => s / 32768)
    // Buffer.from copies: the encoder answers with a view of memory that it overwrites next time.
    frames.push(Buffer.from(encoder.encode([slice])))
    await nextTurn()
  }
  frames.push(Buffer.from(encoder.finalize()))
  return Buffer.concat(frames)
}
