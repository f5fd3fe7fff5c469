import type { ActorFeed } from '../actors/actor-feed.ts'
import type { Seen, StepReport } from '../actors/actor-host.ts'
import type { ActorTypes } from '../actors/actor-store.ts'
import type { FeedAnnouncer } from '../persistence/feed-announcer.ts'
import type { JobDispatcher } from '../persistence/job-dispatcher.ts'

/** What follows a step that was committed: who watches here hears of it, the other nodes do, and its jobs are handed over. */
export function passOnStep<T extends ActorTypes>(
  { row, step, seq }: StepReport<T>,
  state: string,
  to: { feed: ActorFeed<Seen<T>>; announcer: FeedAnnouncer; dispatcher: JobDispatcher },
): void {
  const change = { id: row.id, seq, state }
  to.feed.stepped(change, { ...step.view, seq })
  to.announcer.announce(change)
  if (step.jobs.length > 0) to.dispatcher.dispatch()
}
