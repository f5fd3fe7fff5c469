/** Sentences that ship with the product, for carriers that cannot speak: headerless mu-law at 8 kHz. */
export const SPOKEN_SOUNDS = {
  greeting: new URL('./assets/greeting.ulaw', import.meta.url),
  apology: new URL('./assets/apology.ulaw', import.meta.url),
  busy: new URL('./assets/busy.ulaw', import.meta.url),
} as const
