import { setTimeout as sleep } from 'node:timers/promises'
import { Backoff } from '../runtime/backoff.ts'
import { type DeliveryPayload, deliveryJob, deliveryKey } from './effect-jobs.ts'
import type { CallStore, EventFate } from './store.ts'

/** Carriers wait a second for an answer, and other reports of the same relay wait for this one. */
const PATIENCE_MS = 600
const PAUSES = { firstMs: 10, longestMs: 80 }

/**
 * Has a process that knows the chart of this name deliver the event, and resolves with what became of it: `waiting` when
 * that takes longer than a carrier should wait.
 */
export async function deliverElsewhere(
  store: Pick<CallStore, 'enqueue' | 'fateOf'>,
  chart: string,
  payload: DeliveryPayload,
): Promise<EventFate> {
  const begunAt = performance.now()
  await store.enqueue(deliveryJob(chart, payload))
  const event = { ...payload, key: deliveryKey(payload) }
  for (const backoff = new Backoff(PAUSES); ; ) {
    await sleep(backoff.next())
    const fate = await store.fateOf(event)
    if (fate !== 'waiting' || performance.now() - begunAt > PATIENCE_MS) return fate
  }
}
