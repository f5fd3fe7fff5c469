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
