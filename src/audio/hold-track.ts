/** The hold music that ships with the product: headerless mu-law at 8 kHz, a loop of 32 s without a seam. */
export const HOLD_TRACK = new URL('./assets/hold-music.ulaw', import.meta.url)

/** `length` bytes of a loop from any position on, going round as often as it takes. Throws RangeError for an empty loop. */
export function sliceOfLoop(loop: Buffer, position: number, length: number): Buffer {
  if (loop.length === 0) throw new RangeError('The hold track is empty.')
  const slice = Buffer.allocUnsafe(length)
  for (let filled = 0; filled < length; )
    filled += loop.copy(slice, filled, (position + filled) % loop.length)
  return slice
}
