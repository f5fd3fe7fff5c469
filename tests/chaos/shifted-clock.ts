/* node --import shifted-clock.ts?ms=60000: the wall clock of this process is off by so much; timers are as they were. */

const offMs = Number(new URL(import.meta.url).searchParams.get('ms') ?? 0)
const RealDate = Date

class ShiftedDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(RealDate.now() + offMs)
    // The real constructor knows all its forms.
    else super(...(given as [number]))
  }

  static override now(): number {
    return RealDate.now() + offMs
  }
}

globalThis.Date = ShiftedDate as DateConstructor
