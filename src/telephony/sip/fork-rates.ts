import type { AgentRates } from './sip-ports.ts'

/** Samples in a second of a telephone line. */
export const TELEPHONE_RATE = 8000

/** The same of a line, which may be wideband. */
export type ForkRate = typeof TELEPHONE_RATE | 16_000

/** Of what a fork sends of its caller, and of what is played to the caller. */
export type ForkRates = { caller: ForkRate; agent: ForkRate }

/** So that what the agent hears and speaks at one of these rates passes the relay as it is. */
export const forkRatesFor = (agent: AgentRates | null): ForkRates => ({
  caller: forkRateFor(agent?.input ?? TELEPHONE_RATE),
  agent: forkRateFor(agent?.output ?? TELEPHONE_RATE),
})

/** More than a wideband line carries is not to be had from a telephone. */
const forkRateFor = (rate: number): ForkRate => (rate >= 16_000 ? 16_000 : TELEPHONE_RATE)

export function areForkRates(value: unknown): value is ForkRates {
  const { caller, agent } = Object(value) as Record<string, unknown>
  return isForkRate(caller) && isForkRate(agent)
}

const isForkRate = (value: unknown): value is ForkRate => value === TELEPHONE_RATE || value === 16_000
