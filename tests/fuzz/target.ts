import type { SeededRandom } from '../chaos/seeded-random.ts'

/** What one case did that it must never do; `input` is enough to do it again. */
export type Finding = {
  target: string
  case: number
  what: 'crash' | 'serverError' | 'hang'
  detail: string
  input: string
}

/** What a case found wrong; null when all is well. */
export type Fault = Pick<Finding, 'what' | 'detail' | 'input'> | null

/** Something that reads what strangers send. Cases are drawn from their own number, so that each can be done again alone. */
export type Target = {
  name: string
  /** Its share of all cases, beside the others. */
  weight: number
  /** How many cases are under way at once. */
  width: number
  /** Does one case. Rejects, or throws, for a fault of the target itself, which is a crash. */
  run: (random: SeededRandom) => Promise<Fault> | Fault
}
