/**
 * The setting that puts the clock of a node ahead by so much, or back where it is less than nothing; each SIGUSR2 that the node
 * gets puts it ahead by the next of `laterMs` instead.
 */
export function clockSetting(aheadMs: number, ...laterMs: number[]): { NODE_OPTIONS: string } {
  const module = new URL('./shifted-clock.ts', import.meta.url)
  for (const ms of [aheadMs, ...laterMs]) module.searchParams.append('ahead', `${ms}`)
  return { NODE_OPTIONS: `--import ${module.href}` }
}
