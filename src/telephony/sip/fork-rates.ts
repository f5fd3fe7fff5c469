import type { AgentRates } from './sip-ports.ts'

/** Samples in a second of a telephone line, and of a wideband one. */
export type ForkRate = 8000 | 16_000

/** Of what a fork sends of its caller, and of what is played to the caller. */
export type ForkRates = { caller: ForkRate; agent: ForkRate }

/** So that what the agent hears and speaks at one of these rates passes the relay as it is. */
export const forkRatesFor = (agent: AgentRates | null): ForkRates => ({
  caller: forkRateFor(agent?.hears ?? 8000),
  agent: forkRateFor(agent?.speaks ?? 8000),
})

/** More than a wideband line carries is not to be had from a telephone. */
const forkRateFor = (rate: number): ForkRate => (rate >= 16_000 ? 16_000 : 8000)

export function areForkRates(value: unknown): value is ForkRates {
  const { caller, agent } = Object(value) as Record<string, unknown>
  return isForkRate(caller) && isForkRate(agent)
}

const isForkRate = (value: unknown): value is ForkRate => value === 8000 || value === 16_000
