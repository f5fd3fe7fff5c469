/* G.711 A-law, which the service itself leaves to FreeSWITCH. */

const decoded = Int16Array.from({ length: 256 }, (_, codeword) => {
  const bits = codeword ^ 0x55
  const [segment, step] = [(bits >> 4) & 7, ((bits & 15) << 4) + 8]
  const magnitude = segment === 0 ? step : (step + 0x100) << (segment - 1)
  return bits & 0x80 ? magnitude : -magnitude
})

/** Codewords by what they mean, the lowest first. */
const ascending = [...decoded.keys()].sort((a, b) => (decoded[a] as number) - (decoded[b] as number))

export const decodeALaw = (codewords: Uint8Array): Int16Array =>
  Int16Array.from(codewords, (codeword) => decoded[codeword] as number)

export const encodeALaw = (samples: Int16Array): Buffer => Buffer.from(Array.from(samples, nearest))

function nearest(sample: number): number {
  let [low, high] = [0, ascending.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((decoded[ascending[middle] as number] as number) < sample) low = middle + 1
    else high = middle
  }
  return ascending[low] as number
}
