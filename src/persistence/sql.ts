import type { EntityManager } from '@mikro-orm/postgresql'
import type { Database } from './database.ts'

/** Runs one statement on a connection of the pool; `?` stands for a parameter. */
export type Sql = <Row>(statement: string, params?: unknown[]) => Promise<Row[]>

export const sqlOf =
  (database: Database): Sql =>
  <Row>(statement: string, params: unknown[] = []) =>
    (database.em as EntityManager).getConnection().execute<Row[]>(statement, params, 'all')

/** The same within the transaction that `em` is in. */
export function sqlIn(em: Database['em']): Sql {
  const transaction = (em as EntityManager).getTransactionContext()
  const connection = (em as EntityManager).getConnection()
  return (statement, params = []) => connection.execute(statement, params, 'all', transaction)
}

/** Runs statements in one transaction: all of them count, or none. */
export const inTransaction = <Result>(
  database: Database,
  work: (sql: Sql) => Promise<Result>,
): Promise<Result> => database.em.fork().transactional((em) => work(sqlIn(em)))
