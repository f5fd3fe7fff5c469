/** The value below which this share of the values lies; NaN of none. */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/**
 * The median of some measurements, and between which two of them that of ever more would lie, with 95 % certainty: the sign
 * test leaves off as many on each side as a fair coin seldom leaves. Of fewer than eight it leaves off none.
 */
export function medianInterval(values: number[]): { median: number; low: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b)
  const count = sorted.length
  const off = leftOff(count)
  const at = (index: number) => sorted[index] ?? Number.NaN
  return { median: quantile(sorted, 0.5), low: at(off), high: at(count - 1 - off) }
}

/** The most that may be left off on each side so that both together are no more than one in twenty. */
function leftOff(count: number): number {
  let exactly = 0.5 ** count
  let atMost = exactly
  for (let off = 0; ; off++) {
    exactly *= (count - off) / (off + 1)
    atMost += exactly
    if (2 * atMost > 0.05) return off
  }
}

/** Columns wide enough for what is in them; the first is text, the others are figures. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
  return [line(head), ...rows.map(line)].join('\n')
}
