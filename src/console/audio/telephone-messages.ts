/** What the worklet tells the page, once for each frame that it recorded. */
export type TelephoneReport = {
  /** 20 ms of mu-law to be sent. */
  frame: Uint8Array<ArrayBuffer>
  /** How loud the person spoke and heard in these 20 ms, from 0 to 1. */
  spoken: number
  heard: number
  /** Counted from the beginning, in samples of 8 kHz. */
  counts: { played: number; skipped: number; gaps: number }
}

/** The page sends each frame of mu-law that came, as it is. */
export type TelephoneFrame = Uint8Array

export const TELEPHONE_PROCESSOR = 'telephone'
