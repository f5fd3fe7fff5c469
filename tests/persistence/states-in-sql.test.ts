import { globSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callSystem } from '../../machines/call/call-system.ts'
import { LEG_STATES } from '../../machines/instructions.ts'
import { type ChartState, systemDefinition } from '../../src/actors/chart-definition.ts'
import { type OpenTestDatabase, openTestDatabase } from '../support/open-database.ts'

/*
 * SQL knows of a call's state what a step has written into columns (src/calls/project-call.ts): it compares no names of states, and
 * looks into no snapshot, so that a chart can change without it.
 */

const FOLDER = resolve(import.meta.dirname, '../../src/persistence')

const namesWithin = ({ states }: ChartState): string[] =>
  Object.values(states).flatMap((state) => [state.key, ...namesWithin(state)])
const MACHINES = Object.values(systemDefinition(callSystem).states)
const STATES = [...new Set([...MACHINES.flatMap(namesWithin), ...LEG_STATES])]

/** What is called like a state and is none. */
const OTHER_MEANINGS: Record<string, { names: string[]; means: string }> = {
  'voice-store.ts': { names: ['cloning', 'failed'], means: 'the status of a clone' },
  'voice.entity.ts': {
    names: ['cloning', 'failed', 'cloned'],
    means: 'the status of a clone, and its result',
  },
  'call-statistics.ts': { names: ['failed', 'cloned'], means: 'what happened to a clone' },
  'call-store.ts': { names: ['cached', 'default'], means: 'what was found of a voice' },
  'call-queries.ts': { names: ['ended'], means: 'what the API is asked for; the statement asks for the end' },
}

/** For nodes of the release before, whose states never change any more. */
const OF_RELEASE_BEFORE = ['project_for_release_before']

const COLUMN = String.raw`\b(?:state|bridge|voice_state|state_before|state_after)\b`
const COMPARISONS = [
  new RegExp(
    String.raw`${COLUMN}["):\w]*\s*(?:=(?!=)|<>|!=|~|(?:not\s+)?in\s*\(|like|is\s+(?:not\s+)?distinct\s+from)\s*'`,
    'i',
  ),
  new RegExp(String.raw`'\s*(?:=|<>|!=)\s*\w*\.?${COLUMN}`, 'i'),
  new RegExp(String.raw`case\s+\w*\.?${COLUMN}\s+when`, 'i'),
]
const LOOKS_INTO_SNAPSHOT = /snapshot"?\s*(?:->|#>|@>|\[)|jsonb_path\w*\(\s*\w*\.?snapshot/i

const faultsIn = (sql: string): string[] =>
  [...COMPARISONS, LOOKS_INTO_SNAPSHOT].flatMap((pattern) => pattern.exec(sql)?.[0] ?? [])

describe('the statements of src/persistence', () => {
  const files = globSync('**/*.ts', { cwd: FOLDER }).map((file) => ({
    file: basename(file),
    text: readFileSync(join(FOLDER, file), 'utf8'),
  }))

  it('compare no state, and look into no snapshot', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(files.flatMap(({ file, text }) => faultsIn(text).map((fault) => `${file}: ${fault}`))).toEqual([])
  })

  it('name no state', () => {
    const named = files.flatMap(({ file, text }) =>
      STATES.filter((state) => text.includes(`'${state}'`)).map((state) => ({ file, state })),
    )
    const strange = named.filter(({ file, state }) => !OTHER_MEANINGS[file]?.names.includes(state))
    expect(strange).toEqual([])
  })

  it('have all the other meanings that are listed', () => {
    for (const [file, { names }] of Object.entries(OTHER_MEANINGS))
      for (const name of names) expect(files.find((each) => each.file === file)?.text).toContain(`'${name}'`)
  })
})

describe('what the migrations have made', () => {
  let db: OpenTestDatabase
  beforeAll(async () => {
    db = await openTestDatabase()
  })
  afterAll(() => db.drop())

  it('compares no state and looks into no snapshot, in functions, triggers, indexes and constraints', async () => {
    const made = await db.query<{ name: string; sql: string }>(
      `select proname as name, pg_get_functiondef(oid) as sql from pg_proc where pronamespace = 'public'::regnamespace
       union all select tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
         and tgrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
       union all select indexname, indexdef from pg_indexes where schemaname = 'public'
       union all select conname, pg_get_constraintdef(oid) from pg_constraint where connamespace = 'public'::regnamespace`,
    )
    expect(made.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['tally_call', 'tally_changed', ...OF_RELEASE_BEFORE]),
    )
    const ours = made.filter(({ name }) => !OF_RELEASE_BEFORE.includes(name))
    const faults = ours.flatMap(({ name, sql }) => [
      ...faultsIn(sql).map((fault) => `${name}: ${fault}`),
      ...LEG_STATES.filter((state) => sql.includes(`'${state}'`)).map((state) => `${name}: ${state}`),
    ])
    expect(faults).toEqual([])
  })
})

it.each([
  `where c.state in ('bridged')`,
  `old.state <> 'rejected'`,
  `(state)::text = 'hold'`,
  `case w.voice_state when 'cached'`,
  `c.snapshot->'context'->>'attempt'`,
])('%s would be found', (sql) => {
  expect(faultsIn(sql)).not.toEqual([])
})
