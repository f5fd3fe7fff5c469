/*
 * Loaded before a process's own code (`shiftedClock` says how), this puts its time of day off, as on a machine whose clock is
 * wrong. Each SIGUSR2 sets the clock anew while the process runs. Spans of time are those of a monotonic clock, and stay right.
 */

const [first = 0, ...later] = new URL(import.meta.url).searchParams.getAll('ahead').map(Number)
let shiftMs = first
process.on('SIGUSR2', () => {
  shiftMs = later.shift() ?? shiftMs
})

const { now } = Date
Date.now = () => now() + shiftMs

globalThis.Date = new Proxy(Date, {
  construct: (target, args) => Reflect.construct(target, args.length > 0 ? args : [target.now()]),
})
