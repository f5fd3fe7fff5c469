import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'

const PRELOAD = new URL('./shifted-clock.ts', import.meta.url)
const SCRIPT = `console.log(JSON.stringify([Date.now(), new Date().getTime(), new Date(5).getTime(),
  new Date('2026-01-01T00:00:00Z').getTime(), new Date() instanceof Date]))`

it('A clock that is off shows another time, and reads given times as they are', () => {
  PRELOAD.searchParams.set('ms', '-60000')
  const before = Date.now()
  const printed = execFileSync(process.execPath, ['--import', PRELOAD.href, '--eval', SCRIPT], {
    encoding: 'utf8',
  })
  const [now, fresh, five, newYear, isDate] = JSON.parse(printed)
  for (const time of [now, fresh]) {
    expect(time).toBeGreaterThanOrEqual(before - 60_000)
    expect(time).toBeLessThanOrEqual(Date.now() - 60_000)
  }
  expect([five, newYear, isDate]).toEqual([5, Date.UTC(2026, 0, 1), true])
})
