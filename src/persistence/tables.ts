import type { EntityManager, InferClassEntityDB } from '@mikro-orm/postgresql'
import type { Kysely } from 'kysely'
import type { Database, ENTITIES } from './database.ts'

/** Columns that hold an object as JSON, which the ORM's types take for relations. */
type JsonColumns = {
  call_log: { snapshot: object }
  call_event: { event: object; snapshot: object | null }
}

/** The tables and their columns, as the entities declare them. */
export type Tables = InferClassEntityDB<(typeof ENTITIES)[number]> & JsonColumns

/** Builds queries that the compiler holds to the entities; values travel beside the text. */
export const tablesOf = (database: Database): Kysely<Tables> =>
  (database.em as EntityManager).getKysely<Tables>()
