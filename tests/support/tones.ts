/** Samples of a sine. */
export const tone = (frequency: number, rate: number, { ms = 1000, amplitude = 12_000 } = {}): Int16Array =>
  Int16Array.from({ length: Math.round((rate * ms) / 1000) }, (_, i) =>
    Math.round(amplitude * Math.sin((2 * Math.PI * frequency * i) / rate)),
  )

/** How loud one frequency is in these samples, and by how many dB above all else that is in them. */
export function heardAt(
  samples: Int16Array,
  frequency: number,
  rate: number,
): { amplitude: number; snr: number } {
  const angle = (2 * Math.PI * frequency) / rate
  let [sine, cosine, power] = [0, 0, 0]
  for (const [i, sample] of samples.entries()) {
    sine += sample * Math.sin(angle * i)
    cosine += sample * Math.cos(angle * i)
    power += sample * sample
  }
  const amplitude = (2 * Math.hypot(sine, cosine)) / samples.length
  const ofTone = (amplitude * amplitude * samples.length) / 2
  return { amplitude, snr: 10 * Math.log10(ofTone / Math.max(1e-9, power - ofTone)) }
}

const WINDOW_MS = 200

/** The same of the 200 ms in which that frequency is purest: whoever speaks is silent before and after. */
export function purest(samples: Int16Array, frequency: number, rate: number) {
  const length = (rate * WINDOW_MS) / 1000
  let best = { amplitude: 0, snr: Number.NEGATIVE_INFINITY }
  for (let at = 0; at + length <= samples.length; at += length / 4) {
    const heard = heardAt(samples.subarray(at, at + length), frequency, rate)
    if (heard.amplitude > 500 && heard.snr > best.snr) best = heard
  }
  return best
}

/** How alike `part` is to what stands somewhere in `heard`: 1 when it is the same, at any loudness. */
export function likeness(heard: Int16Array, part: Int16Array): number {
  const ofPart = energy(part)
  let [best, power] = [0, energy(heard.subarray(0, part.length))]
  for (let at = 0; at + part.length < heard.length; at++) {
    if (power > 0) best = Math.max(best, product(heard, at, part) / Math.sqrt(power * ofPart))
    power += (heard[at + part.length] as number) ** 2 - (heard[at] as number) ** 2
  }
  return best
}

/** The loudest tenths of a second in it, at most five. */
export function loudMoments(speech: Int16Array, rate = 8000): [Int16Array, ...Int16Array[]] {
  const length = rate / 10
  const parts = Array.from({ length: Math.floor(speech.length / length) }, (_, i) =>
    speech.subarray(i * length, (i + 1) * length),
  )
  const [loudest = speech, ...others] = parts.sort((one, other) => energy(other) - energy(one))
  return [loudest, ...others.slice(0, 4)]
}

const energy = (samples: Int16Array): number => samples.reduce((sum, sample) => sum + sample * sample, 0)

function product(samples: Int16Array, from: number, other: Int16Array): number {
  let sum = 0
  for (let i = 0; i < other.length; i++) sum += (samples[from + i] as number) * (other[i] as number)
  return sum
}
