import { setTimeout as sleep } from 'node:timers/promises'
import type { EventObject } from 'xstate'
import { Backoff } from '../runtime/backoff.ts'
import type { EventFate, Job } from './actor-store.ts'

/*
 * An event on its way to an actor whose row is another's, or whose chart this process does not know: a job, written with the step
 * that says it or by itself, which a process takes that can step the actor.
 */

/** Which actor hears what. The same `eventId` twice is one delivery. */
export type ActorMessage = { kind: string; id: string; event: EventObject; eventId: string }

/** Another process decides this and has not done so yet: the same is to be said again soon. */
export class AnswerPending extends Error {
  override readonly name = 'AnswerPending'
}

/** Any process may take these: those for whom an event waited are no more. */
export const DELIVERY = 'deliver-event'
/** For the processes that know this chart, or host this kind of actor. */
export const deliveryTask = (chartOrKind: string) => `${DELIVERY}@${chartOrKind}` as const

const ATTEMPTS = 8

/** Actors share event ids, such as that of their end; keys are of one actor alone. */
const deliveryKey = ({ id, eventId }: Pick<ActorMessage, 'id' | 'eventId'>): string => `${id} ${eventId}`

/** What one actor says to another: a job of the step that says it. `chart` where only those who know it can deliver it. */
export function deliveryJob(message: ActorMessage, chart: string = message.kind): Job {
  const key = deliveryKey(message)
  return { task: deliveryTask(chart), payload: message, key, queue: null, attempts: ATTEMPTS }
}

/** Who can step the actors of a kind. */
export type Receiver = {
  readonly kind: string
  readonly knownCharts: readonly string[]
  send(id: string, event: never, delivery: { eventId: string }): Promise<unknown>
}

/**
 * Of every process, whatever its roles: whoever can step an actor takes what is said to it. `read` understands messages that
 * another release has written.
 */
export function deliveryHandlers<Payload = ActorMessage>(
  hosts: readonly Receiver[],
  read: (payload: Payload | ActorMessage) => ActorMessage,
) {
  const hostOf = new Map(hosts.map((host) => [host.kind, host]))
  async function deliver(payload: Payload | ActorMessage): Promise<void> {
    const message = read(payload)
    const host = hostOf.get(message.kind)
    if (!host) throw new Error(`This process hosts no ${message.kind}.`)
    await host
      .send(message.id, message.event as never, { eventId: message.eventId })
      .catch((error: unknown) => {
        // It was handed on, and whoever asked has heard so.
        if (!(error instanceof AnswerPending)) throw error
      })
  }
  return Object.fromEntries([DELIVERY, ...hosted(hosts).map(deliveryTask)].map((task) => [task, deliver]))
}

/** What a process says that it can step: kinds of actors, and their charts. */
export function hosted(hosts: readonly Pick<Receiver, 'kind' | 'knownCharts'>[]): string[] {
  const names = hosts.flatMap(({ kind, knownCharts }) => [kind, ...knownCharts])
  const twice = names.find((name, place) => names.indexOf(name) !== place)
  if (twice !== undefined) throw new Error(`Two kinds of actors have a chart or a name ${twice}.`)
  return names
}

/** Carriers wait a second for an answer, and other reports of the same relay wait for this one. */
const PATIENCE_MS = 600
const PAUSES = { firstMs: 10, longestMs: 80 }

/** What a delivery by another process needs of the store of its actor. */
export type DeliveryStore = {
  enqueue(job: Job): Promise<void>
  fateOf(event: { id: string; eventId: string; key: string }): Promise<EventFate>
}

/**
 * Has a process that knows the chart of this name deliver the event, and resolves with what became of it: `waiting` when
 * that takes longer than a carrier should wait.
 */
export async function deliverElsewhere(
  store: DeliveryStore,
  chart: string,
  message: ActorMessage,
): Promise<EventFate> {
  const begunAt = performance.now()
  await store.enqueue(deliveryJob(message, chart))
  const event = { ...message, key: deliveryKey(message) }
  for (const backoff = new Backoff(PAUSES); ; ) {
    await sleep(backoff.next())
    const fate = await store.fateOf(event)
    if (fate !== 'waiting' || performance.now() - begunAt > PATIENCE_MS) return fate
  }
}
