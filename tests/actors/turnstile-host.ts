import pino from 'pino'
import { v7 as uuidv7 } from 'uuid'
import { ActorHost, type ActorHostOptions } from '../../src/actors/actor-host.ts'
import { beginActor } from '../../src/actors/take-step.ts'
import { createActorStore } from '../../src/persistence/actor-store.ts'
import { openCallPool } from '../../src/persistence/database.ts'
import { systemClock } from '../../src/runtime/clock.ts'
import { TURNSTILE_TABLE, type TurnstileTypes, turnstile } from './turnstile.ts'

/** A node's turnstiles, on connections of their own. */
export async function openTurnstiles(
  url: string,
  nodeId: string,
  options: Partial<ActorHostOptions<TurnstileTypes>> = {},
) {
  const log = pino({ level: 'silent' })
  const pool = openCallPool(url, log)
  const store = createActorStore<TurnstileTypes>(pool, TURNSTILE_TABLE)
  const host = new ActorHost({ definition: turnstile, store, clock: systemClock, log, nodeId, ...options })
  return {
    host,
    store,
    pool,
    /** Resolves with the id of a new turnstile, whose next one is sent a coin with each who passes. */
    async begin(next: string | null = null, id: string = uuidv7()): Promise<string> {
      const first = beginActor(turnstile, id, { next })
      host.takeUp(await store.begin({ id, hall: 'north' }, first, nodeId))
      return id
    },
    async close(): Promise<void> {
      await host.stop()
      await pool.end()
    },
  }
}
