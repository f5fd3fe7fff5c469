import { expect, inject, it } from 'vitest'
import { runChaos } from './chaos.ts'
import { chaosOptions } from './options.ts'
import { told } from './report.ts'

/** Set CHAOS_SEED to try another schedule of the same size; `npm run chaos` tries larger ones. */
const SEED = process.env.CHAOS_SEED ?? '1'
/** The plan takes half a minute, and longer where nodes start slowly. */
const TIMEOUT_MS = 600_000
const SHARE = [
  '--calls',
  '24',
  '--kills',
  '2',
  '--drains',
  '1',
  '--stops',
  '1',
  '--cuts',
  '1',
  '--clocks',
  '1',
  '--sessions',
  '1',
  '--vendor',
  '4',
  '--carrier',
  '4',
]

it(`A small share of chaos breaks no promise (CHAOS_SEED=${SEED})`, { timeout: TIMEOUT_MS }, async ({
  signal,
}) => {
  const options = chaosOptions(['--seed', SEED, ...SHARE])
  const given = { postgresUrl: inject('postgresUrl'), say: () => {}, stopped: signal }
  const { outcome, findings, leftovers, faults } = await runChaos(options, given)
  const broken = findings.filter(({ broken }) => broken !== 'excused')
  expect([...broken.map((finding) => told(finding, options.seed, faults)), ...leftovers]).toEqual([])
  expect(outcome).toMatchObject({ calls: 24, kills: 2, drains: 1, faults: { stop: 1 } })
})
