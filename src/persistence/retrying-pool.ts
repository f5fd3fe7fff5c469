import type pg from 'pg'

/** SQLSTATE of a server that starts or stops. */
const CANNOT_CONNECT_NOW = '57P03'

/** Classes of PostgreSQL's appendix A: connection exception, insufficient resources, operator intervention. */
const AWAY = /^(08|53|57)/
/** What is no SQLSTATE, such as ECONNREFUSED, is the network's. */
const SQLSTATE = /^[0-9FHPX][0-9A-Z]{4}$/

/**
 * The pool for graphile-worker, which tries again to put a job away only where an error says that the server cannot be
 * connected to now. At any other it leaves a rejection that nobody handles, and the process ends with all its calls: here
 * every error of a database that is away for a while says so.
 */
export function patient(pool: pg.Pool): pg.Pool {
  return withMethod(pool, 'connect', async (...callback) => {
    // By the callback it listens for news, and there it tries again by itself.
    if (callback.length > 0) return Reflect.apply(pool.connect, pool, callback)
    const client = await pool.connect().catch((error: unknown) => {
      throw asAway(error)
    })
    return withMethod(client, 'query', async (...args) => {
      try {
        return await Reflect.apply(client.query, client, args)
      } catch (error) {
        throw isAway(error) ? asAway(error) : error
      }
    })
  })
}

/** The object as it is, but for one of its methods. */
function withMethod<T extends object>(object: T, name: keyof T, method: (...args: unknown[]) => unknown): T {
  return new Proxy(object, {
    get(target, key) {
      if (key === name) return method
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function isAway(error: unknown): boolean {
  const { code = '' } = error as { code?: string }
  return AWAY.test(code) || !SQLSTATE.test(code)
}

function asAway(error: unknown): Error {
  const { message } = error as Error
  return Object.assign(new Error(message, { cause: error }), { code: CANNOT_CONNECT_NOW })
}
