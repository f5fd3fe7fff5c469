import type { Logger } from 'pino'
import { isWithheld, type PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { Database } from './database.ts'
import { type Sql, sqlOf } from './sql.ts'

/** Where numbers are looked up by their spelling. */
const COLUMNS = [
  { table: 'caller_voice_mapping', column: 'caller_id', what: 'the voice' },
  { table: 'agent_number', column: 'number', what: 'the agent' },
] as const

const E164 = '^\\+[1-9][0-9]{6,14}$'
/** Digits that no country claims: with DEFAULT_COUNTRY they may be a number. */
const OF_NO_COUNTRY = /^[1-9]\d{7,14}$/

/**
 * Brings stored numbers to the spelling that calls are looked up by. Each start does so, because another DEFAULT_COUNTRY reads
 * them anew; what cannot be told is left as it is, and said in the log.
 */
export async function respellStoredNumbers(
  database: Database,
  numbers: PhoneNumbers,
  log: Logger,
): Promise<void> {
  const sql = sqlOf(database)
  for (const column of COLUMNS) await respell(sql, column, numbers, log)
}

async function respell(
  sql: Sql,
  { table, column, what }: (typeof COLUMNS)[number],
  numbers: PhoneNumbers,
  log: Logger,
): Promise<void> {
  const odd = await sql<{ id: string }>(`select ${column} as id from ${table} where ${column} !~ ?`, [E164])
  for (const { id } of odd) {
    const canonical = numbers.canonical(id)
    // Numbers are not for the log: their last digits tell an operator which it is.
    const about = { table, endsIn: id.slice(-4) }
    if (isWithheld(id)) log.warn(about, `${what} of an id that names nobody is not used any more; delete it`)
    else if (canonical !== id && !(await moved(sql, { table, column, from: id, to: canonical })))
      log.warn(about, `${what} of one number is stored under two spellings; the one in E.164 is used`)
    else if (OF_NO_COUNTRY.test(canonical))
      log.warn(
        about,
        `${what} of a number of no country is found by no call in E.164; set DEFAULT_COUNTRY, or store it anew`,
      )
  }
}

/** False when the other spelling is there already. */
async function moved(
  sql: Sql,
  { table, column, from, to }: { table: string; column: string; from: string; to: string },
): Promise<boolean> {
  const changed = await sql<object>(
    `update ${table} set ${column} = ? where ${column} = ?
       and not exists (select 1 from ${table} where ${column} = ?) returning 1`,
    [to, from, to],
  )
  return changed.length > 0
}
