import { type Configuration, isRaw, type Transaction } from '@mikro-orm/core'
import { PostgreSqlConnection, PostgreSqlDriver, type PostgreSqlPlatform } from '@mikro-orm/postgresql'
import { CompiledQuery, type Kysely } from 'kysely'

/*
 * MikroORM writes values into the text of its statements, and PostgreSQL logs the text of a statement that fails: recordings,
 * words and numbers of callers with it. Here they travel beside the text, as parameters.
 */

/** The driver whose statements keep their values out of the text. */
export class BoundValuesDriver extends PostgreSqlDriver {
  constructor(config: Configuration) {
    super(config)
    Object.assign(this, { connection: new BoundValuesConnection(config) })
  }
}

type Query = Parameters<PostgreSqlConnection['execute']>[0]
type Params = Parameters<PostgreSqlConnection['execute']>[1]
type Method = 'all' | 'get' | 'run'

class BoundValuesConnection extends PostgreSqlConnection {
  override async execute<Result>(
    query: Query,
    params: Params = [],
    method: Method = 'all',
    transaction?: Transaction<Kysely<unknown>>,
  ): Promise<Result> {
    await this.ensureConnection()
    const { sql, values } = boundStatement(query, params, this.platform as PostgreSqlPlatform)
    return this.executeQuery(sql, async () => {
      const client = transaction ?? this.getClient()
      const result = await client.executeQuery(CompiledQuery.raw(sql, values))
      return this.transformRawResult<Result>(result, method)
    })
  }
}

/** `?` is a value, `??` a name, `\?` a question mark; without values nothing is replaced. */
const MARKS = /\\\?|\?\?|\?/g

function boundStatement(query: Query, params: Params, platform: PostgreSqlPlatform) {
  const { sql, params: given } = statementOf(query, params)
  const values: unknown[] = []
  return { sql: withMarks(sql, given), values }

  function withMarks(text: string, given: readonly unknown[]): string {
    let next = 0
    if (given.length === 0) return text
    return text.replace(MARKS, (mark) => {
      if (mark === '\\?') return '?'
      const value = given[next++]
      return mark === '??' ? platform.quoteIdentifier(value as string) : placeFor(value)
    })
  }

  function placeFor(value: unknown): string {
    if (isRaw(value)) return withMarks(value.sql, value.params)
    if (Array.isArray(value)) return value.map(placeFor).join(', ')
    // These say nothing of anybody, and their type is in how they are written.
    if (value === null || value === undefined) return 'null'
    if (['number', 'bigint', 'boolean'].includes(typeof value)) return `${value}`
    values.push(asText(value, platform))
    return `$${values.length}`
  }
}

function asText(value: unknown, platform: PostgreSqlPlatform): unknown {
  if (value instanceof Date) return platform.formatDate(value)
  if (ArrayBuffer.isView(value) || typeof value === 'string') return value
  return JSON.stringify(value)
}

function statementOf(query: Query, params: Params): { sql: string; params: readonly unknown[] } {
  if (typeof query === 'string') {
    if (!Array.isArray(params)) throw new TypeError('Values of a statement come in order, not by name.')
    return { sql: query, params }
  }
  return 'toRaw' in query ? query.toRaw() : query
}
