import { expect, test } from 'vitest'
import { SeededRandom } from '../chaos/seeded-random.ts'
import { runFuzz } from './fuzz.ts'
import { mutated, mutatedBytes } from './mutation.ts'
import { fuzzOptions } from './options.ts'
import { inviteText } from './sip-text.ts'

/* The share of `npm run fuzz` that every run of the tests does: some seconds of the million cases. */

test('everything that reads what strangers send survives odd input, and says so without an error of its own', async () => {
  const told: string[] = []
  const { outcome, findings } = await runFuzz(
    { seed: 20_261_201, cases: 2_500, seconds: null, only: null, case: null },
    { say: (line) => told.push(line) },
  )
  expect(findings).toEqual([])
  expect(outcome, told.join('\n')).toMatchObject({ crashes: 0, serverErrors: 0, hangs: 0, logged: 0 })
  expect(outcome.cases).toBeGreaterThanOrEqual(2_500)
  expect(Object.keys(outcome.targets)).toHaveLength(10)
  // What is refused at the door alone is hardly a test.
  const { 200: taken = 0, 404: unknown = 0, 422: understood = 0 } = outcome.answers
  expect(Math.min(taken, unknown, understood), JSON.stringify(outcome.answers)).toBeGreaterThan(20)
}, 240_000)

test('a case is the same for the same seed, and another for another', () => {
  const drawn = (seed: number) => {
    const random = new SeededRandom(seed).fork('case 7')
    return [
      inviteText(random),
      mutated('hello', random),
      mutatedBytes(Buffer.from('hello'), random).toString('hex'),
    ]
  }
  expect(drawn(1)).toEqual(drawn(1))
  expect(drawn(1)).not.toEqual(drawn(2))
})

test('a target is sent cases for as long as is said', async () => {
  const options = fuzzOptions(['--seed', '3', '--only', 'sdp', '--seconds', '1'])
  const { outcome } = await runFuzz(options, { say: () => {} })
  expect(outcome).toMatchObject({ crashes: 0, hangs: 0 })
  expect(outcome.targets.sdp?.seconds).toBeGreaterThanOrEqual(1)
  expect(outcome.cases).toBeGreaterThan(1)
})

test.each([[['--cases', 'many']], [['--seconds', 'many']], [['--case', '7']], [['--loud']]])(
  '%j is refused',
  (args) => {
    expect(() => fuzzOptions(args)).toThrow()
  },
)

test('one case alone is asked for by its target and number', () => {
  expect(fuzzOptions(['--seed', '3', '--only', 'sdp', '--case', '7'])).toEqual({
    seed: 3,
    cases: 100_000,
    seconds: null,
    case: 7,
    only: new Set(['sdp']),
  })
})
