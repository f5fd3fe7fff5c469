import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CallHost } from '../../src/calls/call-host.ts'
import { UsageError } from '../../src/commands/command.ts'
import { LIMITS } from '../../src/model/call-model.ts'
import { createCallStore } from '../../src/persistence/call-store.ts'
import { readReplayOptions } from '../../src/replay/replay-options.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

/*
 * `npm run replay` as somebody at a terminal runs it: a process of its own, on calls that the service wrote down.
 */

const ROOT = resolve(import.meta.dirname, '../..')
const CALLER = '+15550100001'
/** Five processes are started, three of them with tests. */
const PATIENCE_MS = 120_000

let db: OpenTestDatabase
let folder: string
let callId: string
let file: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'precall-replay-'))
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  db = await openTestDatabase()
  callId = await aCall()
  file = join(folder, 'exported.jsonl')
})
afterAll(async () => {
  await db.drop()
  await rm(folder, { recursive: true })
})

/** A caller reaches the agent, talks, and is hung up on by an operator. */
async function aCall(): Promise<string> {
  const host = new CallHost({
    store: createCallStore(db.callPool),
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    nodeId: '01900000-0000-7000-8000-00000000000a',
    limits: LIMITS,
    maxConcurrentCalls: 1,
    isDraining: () => false,
  })
  const { row } = await host.open({
    provider: 'twilio',
    providerCallId: 'CAfirst',
    direction: 'inbound',
    from: CALLER,
    to: '+15550199999',
    publicOrigin: 'https://voice.example',
  })
  const said = [
    { type: 'leg.instructionsRequested' },
    { type: 'media.joined', bridgeNumber: 1, node: 'node' },
    { type: 'agent.ready', bridgeNumber: 1, conversationId: 'conversation' },
    { type: 'operator.hangupRequested', by: 'Ann' },
    { type: 'leg.ended', status: 'completed' },
  ] as const
  for (const event of said) await host.send({ callId: row.id }, event)
  await host.stop()
  return row.id
}

type Ran = { code: number; output: string }

function run(...args: string[]): Promise<Ran> {
  return execute(process.execPath, [join(ROOT, 'src/replay.ts'), ...args], { DATABASE_URL: db.url })
}

function execute(command: string, args: string[], env: Record<string, string>): Promise<Ran> {
  return new Promise((done) => {
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...env } }
    execFile(command, args, options, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code ?? 1) : 0, output: stdout + stderr }),
    )
  })
}

describe('a call in the database', () => {
  test('is stepped through by our id and by its carrier’s, and exported', async () => {
    const [ours, carriers] = await Promise.all([run(callId, '--export', file), run('CAfirst')])
    for (const { code, output } of [ours, carriers]) {
      expect(code, output).toBe(0)
      expect(output).toContain(`Call ${callId}, twilio inbound`)
      expect(output).toMatch(
        /4 +\+[\d.]+ s +agent\.ready +bridged\.connecting → bridged\.talking, voice default/,
      )
      expect(output).toMatch(/effects +hangUpLeg \S+ operator_hung_up/)
      expect(output).toContain('All 6 recorded states were reproduced.')
    }
    expect(ours.output).toContain(`Written to ${file}: 6 events.`)
    expect(await readFile(file, 'utf8')).not.toContain(CALLER)
  })

  test('that is unknown is told so', async () => {
    const { code, output } = await run('01900000-0000-7000-8000-000000000000')
    expect(code).toBe(2)
    expect(output).toMatch(
      /^There is no call 0190\S+ in the database of the settings, and no file of that name\./,
    )
  })

  test('whose chart did otherwise is shown with its first difference', async () => {
    await db.query(
      `update call_event set state_after = 'bridged.greeting', chart_version = '0' where seq = 4`,
    )
    const { code, output } = await run(callId)
    await db.query(`update call_event set state_after = 'bridged.talking', chart_version = '1' where seq = 4`)
    expect(code).toBe(1)
    expect(output).toContain('The first difference is at event 4, agent.ready:')
    expect(output).toMatch(/DIFFERS state\n +recorded +bridged\.greeting\n +reproduced bridged\.talking/)
  })

  test('is found in no database that cannot be asked', async () => {
    const nowhere = await execute(process.execPath, [join(ROOT, 'src/replay.ts'), callId], {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    })
    expect(nowhere.code).toBe(2)
    expect(nowhere.output).toMatch(
      /^The database cannot be asked \(.*\): start it, or correct DATABASE_URL\.\n$/,
    )
    const empty = await execute(process.execPath, [join(ROOT, 'src/replay.ts'), callId], { DATA_DIR: folder })
    expect(empty.code).toBe(2)
    expect(empty.output).toContain(`No call was recorded here yet: ${folder} holds no database.`)
  })
})

describe('an exported file', () => {
  test('is replayed where there is no database', async () => {
    const { code, output } = await execute(
      process.execPath,
      [join(ROOT, 'src/replay.ts'), file, '--step'],
      {},
    )
    expect(output).toMatch(/^This is no terminal to step in, so here are all steps\.\n/)
    expect(code).toBe(0)
    const json = await run(file, '--json')
    expect(JSON.parse(json.output)).toMatchObject({ firstDifference: null, call: { id: callId } })
  })

  test('that was edited says where', async () => {
    const edited = join(folder, 'edited.jsonl')
    await writeFile(
      edited,
      (await readFile(file, 'utf8')).replace('"leg.instructionsRequested"', '"leg.ended"'),
    )
    const { code, output } = await run(edited)
    expect(code).toBe(2)
    expect(output).toBe(
      `${edited}: Line 3, event 2 (leg.ended), was changed after the export: its checksum does not fit. Export the call again.\n`,
    )
  })

  test('becomes a regression test that vitest runs, without anybody’s name', {
    timeout: PATIENCE_MS,
  }, async () => {
    const into = join(folder, 'regressions')
    const written = await run(file, '--fix-as-test', '--name', 'operator-hung-up', '--into', into)
    expect(written.code, written.output).toBe(0)
    const fixture = await readFile(join(into, 'operator-hung-up.json'), 'utf8')
    for (const known of ['Ann', 'talk-of-ann', callId]) expect(fixture).not.toContain(known)

    const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs')
    const check = () => execute(process.execPath, [vitest, 'run', '--root', into], { NO_COLOR: '1', CI: '1' })
    const passed = await check()
    expect(passed.code, passed.output).toBe(0)
    expect(passed.output).toContain('1 passed')

    await writeFile(
      join(into, 'operator-hung-up.json'),
      fixture.replaceAll('bridged.talking', 'bridged.greeting'),
    )
    const failed = await check()
    expect(failed.code).not.toBe(0)
    expect(failed.output).toMatch(/"recorded": "bridged.greeting",\s+[+-]?\s+"reproduced": "bridged.talking"/)

    const again = await run(file, '--fix-as-test', '--name', 'operator-hung-up', '--into', into)
    expect(again.code, again.output).toBe(0)
    expect(again.output).toContain('Written anew, of the same call: ')
    expect((await check()).code).toBe(0)
  })
})

test('a command that says too little is told what to say', async () => {
  const { code, output } = await run()
  expect(code).toBe(2)
  expect(output).toMatch(
    /^Which call\? Give its id or an exported file\.\nUsage: npm run replay -- CALL \[options\]; --help tells more\.\n$/,
  )
})

test.each([
  [['a', 'b'], 'One call at a time, not also b.'],
  [['a', '--fast'], "Unknown option '--fast'"],
  [['a', '--expect', 'luck'], '--expect is recorded or today, not "luck".'],
  [['a', '--fix-as-test', '--name', 'My Test'], '--name must be in small letters, digits and dashes'],
])('%j is refused', (args, message) => {
  expect(() => readReplayOptions(args)).toThrow(UsageError)
  expect(() => readReplayOptions(args)).toThrow(message)
})
