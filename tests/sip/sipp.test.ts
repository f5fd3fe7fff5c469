import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quantile } from '../bench/figures.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

const SCENARIO = fileURLToPath(new URL('scenarios/talk-and-hang-up.xml', import.meta.url))
const CALLS = 100
/** Long enough for the greeting, and for all to talk at once for a while. */
const CALL_MS = 30_000

/** sipp (https://sipp.readthedocs.io) dials through real servers; without them there is nothing to dial. */
describe.skipIf(!REAL_SERVERS)('A hundred SIP calls at once, in one process, through real servers', () => {
  let sip: SipWorld
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'precall-sipp-'))
    // sipp's callers listen, and send no audio.
    const settings = { MAX_CONCURRENT_CALLS: '500', SILENCE_TIMEOUT_SECONDS: '120', LOG_LEVEL: 'warn' }
    sip = await SipWorld.begin({ settings })
  })
  afterAll(async () => {
    await sip.end()
    await rm(folder, { recursive: true, force: true })
  })

  it('are each answered, greeted, bridged and ended, and none is lost', async () => {
    const dialling = dial()
    const talking = await mostAtOnce(dialling)
    // How the calls ended says more than that sipp missed some.
    const missed = await dialling.then(
      () => null,
      (error: Error) => error.message,
    )
    const ended = () =>
      sip.world.db.query<Row>(
        'select outcome, bridged_at as "bridgedAt" from call_log where ended_at is not null',
      )
    const calls = await until('every call has ended', async () => {
      const rows = await ended()
      return rows.length === CALLS ? rows : null
    })
    expect(Object.fromEntries(Map.groupBy(calls, ({ outcome }) => outcome))).toEqual({
      caller_hung_up: expect.objectContaining({ length: CALLS }),
    })
    expect(missed).toBeNull()
    expect(calls.filter(({ bridgedAt }) => bridgedAt !== null)).toHaveLength(CALLS)
    const answers = await responseTimes()
    const figures = [0.5, 0.99].map((share) => quantile(answers, share).toFixed(0))
    process.stdout.write(
      `\n${CALLS} calls by sipp: ${talking} talked at once, none lost; INVITE to 200 p50 ${figures[0]} ms, p99 ${figures[1]} ms\n`,
    )
    expect(talking).toBe(CALLS)
  }, 120_000)

  type Row = { outcome: string; bridgedAt: Date | null }

  async function dial(): Promise<void> {
    const { SIP_HOST = '127.0.0.1', SIP_PORT = '5060' } = process.env
    const args = [`${SIP_HOST}:${SIP_PORT}`, '-sf', SCENARIO, '-s', SERVICE_NUMBER, '-i', '127.0.0.1']
    const load = [
      '-m',
      `${CALLS}`,
      '-l',
      `${CALLS}`,
      '-r',
      '10',
      '-d',
      `${CALL_MS}`,
      '-trace_rtt',
      '-rtt_freq',
      '1',
    ]
    await promisify(execFile)('sipp', [...args, ...load, '-nostdin'], {
      cwd: folder,
      maxBuffer: 64 * 1024 * 1024,
    })
  }

  async function mostAtOnce(dialling: Promise<void>): Promise<number> {
    let [most, isOver] = [0, false]
    void dialling.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    const sql = `select count(*)::int as n from call_log where bridge = 'talking'`
    while (!isOver) {
      most = Math.max(most, (await sip.world.db.query<{ n: number }>(sql))[0]?.n ?? 0)
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    return most
  }

  /** What sipp wrote down: `date;milliseconds;which`. */
  async function responseTimes(): Promise<number[]> {
    const { stdout } = await promisify(execFile)('ls', [folder])
    const file = stdout.split('\n').find((name) => name.endsWith('_rtt.csv')) ?? ''
    const lines = (await readFile(join(folder, file), 'utf8')).trim().split('\n').slice(1)
    return lines.map((line) => Number(line.split(';')[1]))
  }
})

describe.skipIf(!REAL_SERVERS)('A phone with a password, as docs/SIP_TESTING_GUIDE.md dials it', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: { SIP_TRUNKS: '', SIP_USERS: 'ann:a-long-password' } })
  })
  afterAll(() => sip.end())

  const dial = (password: string) => {
    const { SIP_HOST = '127.0.0.1', SIP_PORT = '5060' } = process.env
    const scenario = fileURLToPath(new URL('scenarios/with-a-password.xml', import.meta.url))
    const args = ['-sf', scenario, '-au', 'ann', '-ap', password, '-i', '127.0.0.1', '-s', SERVICE_NUMBER]
    const sipp = [...args, '-m', '1', '-d', '1000', '-nostdin', `${SIP_HOST}:${SIP_PORT}`]
    return promisify(execFile)('sipp', sipp, { timeout: 20_000 })
  }

  it('is answered with the right one, and with a wrong one not', async () => {
    await dial('a-long-password')
    await expect(dial('wrong')).rejects.toThrow()
    const answered = await sip.world.db.query('select 1 from call_log')
    expect(answered).toHaveLength(1)
  }, 60_000)
})
