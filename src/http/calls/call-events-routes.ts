import { z } from 'zod'
import type { CallQueries } from '../../persistence/call-queries.ts'
import { HttpProblem } from '../../problem/problem.ts'
import type { RecordedEvent as WrittenEvent } from '../../replay/recorded-call.ts'
import type { AsJson } from '../as-json.ts'
import { type AnyRoute, route } from '../route.ts'
import { callParams, unknownCall } from './calls-routes.ts'
import { type EventSource, EventStreams } from './event-stream.ts'

export type CallEventsOptions = {
  queries: Pick<CallQueries, 'get' | 'events'>
  /** Calls back with the news of every call until the returned function is called. */
  follow: (follower: (change: { callId: string }) => void) => () => void
}

const RecordedEvent = z
  .object({
    seq: z.number().int(),
    at: z.date(),
    type: z.string(),
    event: z.unknown(),
    stateBefore: z.string(),
    stateAfter: z.string(),
    effects: z.array(z.unknown()).describe('What the call asked the world to do.'),
  })
  .meta({ id: 'CallEvent' })

/** What is in an event and in an effect is the chart's to say; a record of them says so much of it. */
export type CallRecord = Omit<AsJson<z.output<typeof RecordedEvent>>, 'event' | 'effects'> &
  Pick<WrittenEvent, 'event' | 'effects'>

const sequence = () => z.coerce.number().int().nonnegative()

/** What was said to a call, as a list or, with `?follow`, as it happens. */
export function callEventsRoutes({ queries, follow }: CallEventsOptions): AnyRoute[] {
  const streams = new EventStreams()
  return [
    route({
      method: 'get',
      path: '/calls/{id}/events',
      summary: 'Every event of a call with its states before and after, in order',
      params: callParams,
      query: z.strictObject({
        after: sequence().default(0).describe('Only events with a higher seq.'),
        follow: z
          .union([z.literal('').transform(() => true), z.stringbool()])
          .default(false)
          .describe('Streams the events as server-sent events until the call ends; Last-Event-ID resumes.'),
      }),
      answer: { status: 200, description: 'The events.', body: z.object({ events: z.array(RecordedEvent) }) },
      problems: { 404: 'There is no such call.', 503: 'Too many clients follow calls.' },
      handler: async ({ params: { id }, query: { after, follow: asStream }, req, res }) => {
        const call = await queries.get(id)
        if (!call) throw unknownCall()
        if (!asStream || req.method === 'HEAD') return { events: await queries.events(id, after) }
        const seen = lastEventId(req.get('last-event-id')) ?? after
        // An EventSource connects again when a stream ends, and only this status tells it to stop.
        if (call.endedAt && (await queries.events(id, seen)).length === 0) return void res.status(204).end()
        const source: EventSource = {
          read: (seq) => queries.events(id, seq),
          watch: (onNews) => follow(({ callId }) => callId === id && onNews()),
        }
        await streams.serve(res, source, seen)
      },
    }),
  ]
}

/** An EventSource sends back the last id that it saw when it connects again. */
function lastEventId(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  const { data } = sequence().safeParse(header)
  if (data === undefined) throw new HttpProblem(400, 'Last-Event-ID must be the id of an event of this call.')
  return data
}
