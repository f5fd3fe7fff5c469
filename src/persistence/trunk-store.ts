import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { v7 as uuidv7 } from 'uuid'
import type { TrunkSettings } from '../calls/trunk-ports.ts'
import type { Database } from './database.ts'
import { Trunk } from './entities/trunk.entity.ts'
import { sqlOf } from './sql.ts'
import { countTrunks, standings, type TrunkStanding, UNKNOWN_STANDING } from './trunk-standing.ts'

/** A trunk as operators see it; its password is among it, and is for no answer. */
export type StoredTrunk = WrittenTrunk & {
  /** Which agent answers each of its numbers; those that are missing are answered by the default one. */
  agents: { number: string; agentId: string; agentName: string }[]
  standing: TrunkStanding
}

type WrittenTrunk = TrunkSettings & { createdAt: Date; updatedAt: Date }

export type TrunkDraft = Omit<TrunkSettings, 'id'>

/** Another trunk has this name. */
export class TrunkNameTakenError extends Error {
  constructor(options?: ErrorOptions) {
    super('Another trunk has this name.', options)
    this.name = 'TrunkNameTakenError'
  }
}

export type TrunkStore = {
  list(): Promise<StoredTrunk[]>
  get(id: string): Promise<StoredTrunk | null>
  /** Rejects with TrunkNameTakenError. */
  create(draft: TrunkDraft): Promise<StoredTrunk>
  /** Null when there is no such trunk. Rejects with TrunkNameTakenError. */
  update(id: string, change: Partial<TrunkDraft>): Promise<StoredTrunk | null>
  /** False when there is no such trunk. */
  remove(id: string): Promise<boolean>
  /** How many are switched on, and how many of those cannot be reached or registered. */
  count(): Promise<{ all: number; inTrouble: number }>
}

export function createTrunkStore(database: Database): TrunkStore {
  const em = () => database.em.fork()
  const sql = sqlOf(database)

  async function read(where: { id?: string }): Promise<StoredTrunk[]> {
    const trunks = await readTrunks(database, where)
    const agents = await agentsOf(trunks.flatMap(({ numbers }) => numbers))
    const standing = trunks.length > 0 ? await standings(sql) : new Map<string, TrunkStanding>()
    return trunks.map((trunk) => ({
      ...trunk,
      agents: agents.filter(({ number }) => trunk.numbers.includes(number)),
      standing: standing.get(trunk.id) ?? UNKNOWN_STANDING,
    }))
  }

  async function agentsOf(numbers: string[]): Promise<StoredTrunk['agents']> {
    if (numbers.length === 0) return []
    return sql(
      `select n.number, a.id as "agentId", a.name as "agentName" from agent_number n join agent a on a.id = n.agent_id
       where n.number in (select jsonb_array_elements_text(?::jsonb)) order by n.number`,
      [JSON.stringify(numbers)],
    )
  }

  const get = async (id: string) => (await read({ id }))[0] ?? null

  return {
    get,
    list: () => read({}),
    count: () => countTrunks(sql),

    async create(draft) {
      const id = uuidv7()
      const trunk = { id, ...draft, createdAt: new Date(), updatedAt: new Date() }
      await em().insert(Trunk, trunk).catch(rejectTaken)
      const created = await get(id)
      if (!created) throw new Error('A trunk that was just created is gone again.')
      return created
    },

    async update(id, change) {
      await em()
        .nativeUpdate(Trunk, { id }, { ...change, updatedAt: new Date() })
        .catch(rejectTaken)
      return get(id)
    },

    remove: async (id) => (await em().nativeDelete(Trunk, { id })) === 1,
  }
}

function rejectTaken(cause: unknown): never {
  if (cause instanceof UniqueConstraintViolationException) throw new TrunkNameTakenError({ cause })
  throw cause
}

/** The oldest first. */
export async function readTrunks(database: Database, where: { id?: string } = {}): Promise<WrittenTrunk[]> {
  const trunks = await database.em.fork().find(Trunk, where, { orderBy: { createdAt: 'asc', id: 'asc' } })
  return trunks.map(writtenTrunk)
}

function writtenTrunk(trunk: Trunk): WrittenTrunk {
  const { id, name, enabled, transport, addresses, numbers, didFrom, codecs, createdAt, updatedAt } = trunk
  return {
    id,
    name,
    enabled,
    transport,
    addresses,
    numbers,
    didFrom,
    codecs,
    createdAt,
    updatedAt,
    srtp: trunk.srtp ?? null,
    server: trunk.server ?? null,
    country: trunk.country ?? null,
    maxCalls: trunk.maxCalls ?? null,
    maxCallsPerSecond: trunk.maxCallsPerSecond == null ? null : Number(trunk.maxCallsPerSecond),
    registration: trunk.registration ?? null,
    optionsSeconds: trunk.optionsSeconds ?? null,
  }
}
