import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { callSystem } from '../../machines/call/call-system.ts'
import type { Address } from '../../machines/call/messages.ts'
import type { CallInput } from '../../machines/call-events.ts'
import { exploreCall } from './call-chart.ts'
import { INPUTS } from './call-model.ts'
import { ignoredMessages } from './checks/unheard-messages.ts'
import { formatFiles } from './format-files.ts'

/*
 * What the chart of today does in every place, written into the tables that its tests are held to. Whoever changed the chart reads in the
 * difference what else has changed with it.
 */

const FOLDER = new URL('../../tests/machines/', import.meta.url)
const fileOf = (name: string) => fileURLToPath(new URL(name, FOLDER))

/** What the tests know: how calls get to each row, and what is tried on each. */
type Tests = {
  LEADING_TO: Record<string, (voice: 'cached' | 'cloned' | 'default') => object | null>
  rowOf: (call: object) => Record<string, string>
  restingOf: (address: Address, machine: object) => Map<string, object>
  machineRow: (snapshot: object, events: object) => Record<string, string>
  EVENTS_OF: Record<Address, (snapshot: object) => object>
}

/** Resolves with the files that were written. */
export async function writeLedger(): Promise<string[]> {
  const modules = ['call-rows.ts', 'machine-table.ts', 'machine-events.ts'].map(
    (file) => import(fileOf(file)),
  )
  const tests = Object.assign({}, ...(await Promise.all(modules))) as Tests
  const files = {
    [fileOf('call-table.ts')]: callTable(tests),
    [fileOf('transferring-table.ts')]: transferringTable(tests),
    [fileOf('machine-tables.ts')]: machineTables(tests),
  }
  for (const [file, text] of Object.entries(files)) await writeFile(file, text)
  await formatFiles(Object.keys(files))
  return Object.keys(files)
}

/** The rows of calls that are being transferred have a file of their own. */
const isTransferring = (row: string): boolean => row.endsWith('transferring')

function rowsWhere(isOf: (row: string) => boolean, { LEADING_TO, rowOf }: Tests): string {
  const rows = Object.entries(LEADING_TO).flatMap(([row, lead]) => {
    const call = (['cached', 'cloned', 'default'] as const)
      .map((voice) => lead(voice))
      .find((found) => found !== null)
    if (!call || !isOf(row)) return []
    const cells = Object.entries(rowOf(call)).filter(([, cell]) => cell !== 'ignored')
    return [`${literal(row)}: row(${JSON.stringify(Object.fromEntries(cells))}),`]
  })
  return rows.join('\n')
}

function callTable(tests: Tests): string {
  const graphs = Object.values(INPUTS).map((input: CallInput) => exploreCall(input))
  return `${CALL_TABLE_HEAD}
export const IGNORED_MESSAGES = ${JSON.stringify(ignoredMessages(graphs))} as const satisfies Record<string, readonly MessageType[]>

export const CALL_TABLE: Record<string, Row> = {
${rowsWhere((row) => !isTransferring(row), tests)}
...TRANSFERRING_TABLE,
}
`
}

const transferringTable = (tests: Tests): string => `${TRANSFERRING_TABLE_HEAD}
export const TRANSFERRING_TABLE: Record<string, Row> = {
${rowsWhere(isTransferring, tests)}
}
`

function machineTables({ restingOf, machineRow, EVENTS_OF }: Tests): string {
  const tables = (Object.keys(callSystem.machines) as Address[]).map((address) => {
    const places = [...restingOf(address, callSystem.machines[address])].sort(([a], [b]) =>
      a.localeCompare(b),
    )
    const rows = places.map(([place, snapshot]) => [
      place,
      machineRow(snapshot, EVENTS_OF[address](snapshot)),
    ])
    return `${literal(address)}: ${JSON.stringify(Object.fromEntries(rows))},`
  })
  return `${MACHINE_TABLES_HEAD}
export const MACHINE_TABLES: Record<Address, MachineTable> = {
${tables.join('\n')}
}
`
}

const literal = (text: string): string => JSON.stringify(text)

const CALL_TABLE_HEAD = `import type { MessageType } from '../../machines/call/messages.ts'
import { type Row, row } from './call-rows.ts'
import { TRANSFERRING_TABLE } from './transferring-table.ts'

/*
 * What every state makes of every event and every timer: the place that the leg comes to, what changes in the context,
 * what is asked of the world, in order, and which timers start and stop; entering a state anew starts them afresh.
 * Where no voice is named it stays as it was, whichever it was. A column that a row does not name is ignored there: it
 * changes nothing and asks for nothing. Written by \`npm run model -- ledger --write\`, and read by whoever changes the chart.
 */

/**
 * What the machines of a call say to each other where it changes nothing, by the state that it meets; everything else that one says to
 * another must do something.
 */`

const TRANSFERRING_TABLE_HEAD = `import { type Row, row } from './call-rows.ts'

/*
 * The rows of the call's table while somebody is being called who shall have the call; see call-table.ts. Written by
 * \`npm run model -- ledger --write\`, and read by whoever changes the chart.
 */
`

const MACHINE_TABLES_HEAD = `import type { Address } from '../../machines/call/messages.ts'
import type { MachineTable } from './machine-table.ts'

/*
 * What each machine of a call makes of what is said to it; see machine-table.ts. What a row leaves out changes nothing there. Written by
 * \`npm run model -- ledger --write\`, and read by whoever changes the chart.
 */
`
