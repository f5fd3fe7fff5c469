/** As many parts as a wide screen shows apart. */
const PARTS = 600

/** The loudest sample of each of many equal parts, from 0 to 1; quiet speech is raised so that it can be seen. */
export function loudnessOf(samples: Float32Array, parts = PARTS): number[] {
  const size = Math.max(1, Math.ceil(samples.length / parts))
  const peaks: number[] = []
  for (let start = 0; start < samples.length; start += size) {
    let peak = 0
    for (const sample of samples.subarray(start, start + size)) peak = Math.max(peak, Math.abs(sample))
    peaks.push(peak)
  }
  const loudest = Math.max(...peaks, 0)
  return peaks.map((peak) => (loudest === 0 ? 0 : Math.sqrt(peak / loudest)))
}

/** A path in a box of `loudness.length` by 2, mirrored about its middle. */
export function waveformPath(loudness: readonly number[]): string {
  const above = loudness.map((peak, index) => `L${index} ${round(1 - peak)}`)
  const below = loudness.map((peak, index) => `L${index} ${round(1 + peak)}`).reverse()
  return `M0 1${above.join('')}${below.join('')}Z`
}

const round = (value: number) => Math.round(value * 1000) / 1000
