import { MU_LAW_RATE } from '../mulaw.ts'

/*
 * What is done to the whole mix: a room around it, the band of a telephone, and a level that is neither faint nor hot.
 * Everything here remembers what came before, so each runs over the loop twice and keeps the second pass:
 * there the end already rings into the beginning.
 */

const FULL_SCALE = 32768
/** -20 dB below full scale: where telephone speech usually lies, so that the agent's voice is no jump. */
const TARGET_RMS = 0.1

type Filter = (sample: number) => number

/** A small, soft room: Schroeder's four combs and two all-passes, darkened as in a furnished one. */
export function addRoom(loop: Float64Array, wet: number): Float64Array {
  const combs = [239, 271, 307, 347].map((delay) => comb(delay, 0.78, 0.35))
  const diffusers = [89, 31].map((delay) => allPass(delay, 0.6))
  return twice(loop, (dry) => {
    const echoes = combs.reduce((sum, filter) => sum + filter(dry), 0) / combs.length
    return dry + wet * diffusers.reduce((sample, filter) => filter(sample), echoes)
  })
}

/** Takes away what a telephone line does not carry, so that it does not eat headroom. */
export function cutRumble(loop: Float64Array): Float64Array {
  const highPass = butterworthHighPass(180)
  return twice(loop, highPass)
}

/** Brings the loop to its level and rounds off the few peaks that stick out; linear 16-bit samples. */
export function toSamples(loop: Float64Array): Int16Array {
  const power = loop.reduce((sum, sample) => sum + sample * sample, 0) / loop.length
  const gain = TARGET_RMS / Math.sqrt(power)
  return Int16Array.from(loop, (sample) => Math.round(softLimit(sample * gain) * (FULL_SCALE - 1)))
}

function twice(loop: Float64Array, filter: Filter): Float64Array {
  for (const sample of loop) filter(sample)
  return loop.map(filter)
}

function comb(delay: number, feedback: number, damping: number): Filter {
  const line = new Float64Array(delay)
  let place = 0
  let damped = 0
  return (sample) => {
    const delayed = line[place] as number
    damped = delayed * (1 - damping) + damped * damping
    line[place] = sample + damped * feedback
    place = (place + 1) % delay
    return delayed
  }
}

function allPass(delay: number, gain: number): Filter {
  const line = new Float64Array(delay)
  let place = 0
  return (sample) => {
    const delayed = line[place] as number
    const fed = sample + delayed * gain
    line[place] = fed
    place = (place + 1) % delay
    return delayed - fed * gain
  }
}

/** Second order. Source: R. Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients". */
function butterworthHighPass(hertz: number): Filter {
  const omega = (2 * Math.PI * hertz) / MU_LAW_RATE
  const alpha = Math.sin(omega) / Math.SQRT2
  const cos = Math.cos(omega)
  let [x1, x2, y1, y2] = [0, 0, 0, 0]
  return (x) => {
    const y = (((1 + cos) / 2) * (x - 2 * x1 + x2) + 2 * cos * y1 - (1 - alpha) * y2) / (1 + alpha)
    ;[x2, x1, y2, y1] = [x1, x, y1, y]
    return y
  }
}

/** Straight up to half of full scale, then bending gently; never reaches it. */
function softLimit(sample: number): number {
  const knee = 0.5
  const over = Math.abs(sample) - knee
  return over <= 0 ? sample : Math.sign(sample) * (knee + (1 - knee) * Math.tanh(over / (1 - knee)))
}
