import type { Finding, Verdict } from './finding.ts'

const VERDICT_WIDTH = 6
const NAME_WIDTH = 26

const FIX_COMMAND = 'npm run doctor -- --fix'

/** The finding on one line: verdict, what was looked at, what was found and, when that is not in order, how to mend it. */
export function formatFinding({ verdict, name, finding, mend, fix }: Finding): string {
  const start = `${verdict.padEnd(VERDICT_WIDTH)}${name.padEnd(NAME_WIDTH)}${finding}`
  const remedy = [mend, fix && `or run \`${FIX_COMMAND}\``].filter(Boolean).join('; ')
  return (remedy === '' ? start : `${start}. To mend: ${remedy}`).replace(/\s*[\r\n]+\s*/g, ' ')
}

/** The last line: how many of each there were. */
export function formatCounts(verdicts: readonly Verdict[]): string {
  const counts = (['ok', 'warn', 'FAIL', 'skip'] as const).map(
    (verdict) => `${verdicts.filter((each) => each === verdict).length} ${verdict}`,
  )
  return counts.join(', ')
}
