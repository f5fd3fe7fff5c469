import type { Clock } from '../runtime/clock.ts'
import type { ActorChange } from './actor-feed.ts'
import type { Receiver } from './deliveries.ts'

/** A kind of actors as a process hosts them: what steps them, who watches them here, and what tells the other nodes. */
export type HostedActors = {
  host: Receiver & { start(): void; stop(): Promise<void> }
  feed: {
    start(clock: Clock): void
    stop(): Promise<void>
    heard(change: ActorChange): Promise<void>
    missed(): Promise<void>
  }
  announcer: { announce(change: ActorChange): void; settled(): Promise<void> }
}
