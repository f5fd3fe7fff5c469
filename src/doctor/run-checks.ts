import { withTimeout } from '../runtime/with-timeout.ts'
import { type Check, type Finding, fail } from './finding.ts'

export type RunOptions = {
  /** Mend what can be mended, and look again. */
  fix: boolean
}

/** Runs the checks one after the other, so that their lines come in order. */
export async function* runChecks(checks: readonly Check[], { fix }: RunOptions): AsyncGenerator<Finding> {
  for (const check of checks) yield* await (fix ? examineAndMend(check) : examine(check))
}

/** The findings of a check; one that hangs or throws keeps those that it had made by then. */
async function examine(check: Check): Promise<Finding[]> {
  const findings: Finding[] = []
  try {
    await withinLimit(check.limitMs, collect(check, findings))
  } catch (error) {
    return [
      ...findings,
      fail(check.name, messageOf(error), 'try again; if it stays, report it with this line'),
    ]
  }
  return findings
}

async function collect(check: Check, findings: Finding[]): Promise<void> {
  for await (const finding of check.run()) findings.push(finding)
}

async function examineAndMend(check: Check): Promise<Finding[]> {
  const before = await examine(check)
  const broken = before.filter(({ fix }) => fix !== undefined)
  if (broken.length === 0) return before
  const obstacles = await mend(broken, check.limitMs)
  const after = await examine(check)
  return after.map((finding) => withOutcome(finding, obstacles))
}

/** What stood in the way of each fix, by the finding's name; an empty string where nothing did. */
async function mend(broken: Finding[], limitMs: number): Promise<Map<string, string>> {
  const obstacles = new Map<string, string>()
  for (const { name, fix } of broken) {
    const obstacle = await withinLimit(limitMs, (async () => fix?.())()).then(() => '', messageOf)
    obstacles.set(name, obstacle)
  }
  return obstacles
}

function withOutcome(finding: Finding, obstacles: Map<string, string>): Finding {
  const obstacle = obstacles.get(finding.name)
  if (obstacle === undefined) return finding
  if (finding.verdict === 'ok') return { ...finding, finding: `mended: ${finding.finding}` }
  const outcome = obstacle === '' ? '--fix changed nothing' : `--fix did not work (${obstacle})`
  return { ...finding, mend: `${outcome}: ${finding.mend ?? ''}`, fix: undefined }
}

/** @throws when `work` takes longer than `limitMs` */
const withinLimit = (limitMs: number, work: Promise<void>): Promise<void> =>
  withTimeout(limitMs, work, `no answer within ${limitMs / 1000} s`)

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
