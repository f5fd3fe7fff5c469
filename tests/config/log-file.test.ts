import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { LogFile } from '../../src/observability/log-file.ts'
import { smallDisk } from '../support/small-disk.ts'
import { until } from '../support/until.ts'

const written = async (file: string) =>
  (await readFile(file, 'utf8'))
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { n?: number; lost?: number })

const line = (n: number) => `${JSON.stringify({ n, filler: 'x'.repeat(1_000) })}\n`

test('a log on a full disk comes back once there is space, and says what is missing', async (context) => {
  const disk = await smallDisk('64k')
  if (!disk) return context.skip('this account may mount no file system')
  onTestFinished(() => disk.remove())
  const told: string[] = []
  const file = join(disk.folder, 'service.log')
  const log = new LogFile(file, { retryMs: 20, tell: (each) => told.push(each) })
  await writeFile(join(disk.folder, 'ballast'), Buffer.alloc(40_000))
  let n = 0
  await until('the disk is full', () => {
    log.write(line(n++))
    return told.length > 0
  })
  for (let more = 0; more < 50; more++) log.write(line(n++))
  expect(told).toEqual([expect.stringMatching(/^LOG_FILE: .*service\.log cannot be written \(ENOSPC/)])
  await rm(join(disk.folder, 'ballast'))
  await until('the file is written again', () => told.length > 1)
  log.write(line(n++))
  await log.close()
  const lines = await written(file)
  const missing = lines.find(({ lost }) => lost)?.lost ?? 0
  expect(lines.at(-1)?.n).toBe(n - 1)
  expect(missing).toBeGreaterThanOrEqual(50)
  expect(told).toHaveLength(2)
  expect((await stat(file)).mode & 0o777).toBe(0o600)
})

test('every line is written or counted, whatever fails', async () => {
  const kept: string[] = []
  let isFull = false
  const open = () =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        if (isFull) return done(new Error('ENOSPC: no space left on device, write'))
        kept.push(chunk)
        done()
      },
    })
  const told: string[] = []
  const log = new LogFile('service.log', { retryMs: 5, tell: (each) => told.push(each), open })
  log.write(line(0))
  isFull = true
  for (let n = 1; n <= 10; n++) log.write(line(n))
  await until('the failure is told', () => told.length === 1)
  log.write(line(11))
  isFull = false
  await until('the file is written again', () => told.length === 2)
  log.write(line(12))
  await log.close()
  expect(kept).toHaveLength(3)
  expect(JSON.parse(kept[1] ?? '')).toMatchObject({ level: 'warn', lost: 11 })
  expect(told[1]).toBe(
    `LOG_FILE: ${join(process.cwd(), 'service.log')} is written again; 11 lines are missing`,
  )
})
