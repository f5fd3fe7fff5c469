import { z } from 'zod'
import type { CallQueries } from '../../persistence/call-queries.ts'
import { HttpProblem } from '../../problem/problem.ts'
import { CALL_FILE_TYPE, callFileName, writeCallFile } from '../../replay/call-file.ts'
import { UnreplayableCall } from '../../replay/recorded-call.ts'
import { type Replay as Replayed, replay } from '../../replay/replay.ts'
import type { AsJson } from '../as-json.ts'
import { type AnyRoute, route } from '../route.ts'
import { callParams, unknownCall } from './calls-routes.ts'

const fields = () => z.record(z.string(), z.unknown())
const states = () => z.array(z.string()).describe('Ids of states of the chart.')

const Recorded = z.object({
  stateBefore: z.string(),
  stateAfter: z.string(),
  effects: z.array(z.unknown()),
  snapshot: z
    .object({ value: z.unknown(), context: fields(), status: z.string() })
    .nullable()
    .describe('Null for events from before it was kept.'),
  chartVersion: z.string().nullable(),
})

const Reproduced = z.object({
  stateAfter: z.string(),
  voice: z.string(),
  value: z.unknown().describe("XState's state value of each machine of the call, by its address."),
  states: states(),
  context: fields(),
  snapshot: z
    .object({ value: z.unknown(), context: fields(), status: z.string() })
    .describe('As it is saved.'),
  leg: z
    .array(z.unknown())
    .nullable()
    .describe('What the leg is told, in order; null where nothing says what it is told in this state.'),
  media: z.string().nullable().describe('What the media session is told; null likewise.'),
  effects: z.array(z.unknown()).describe('What the call asks of the world.'),
  timers: z
    .array(z.object({ timerId: z.string(), dueAt: z.iso.datetime() }))
    .describe('All that run after this event, the next first.'),
  accepts: z.array(z.string()).describe('The events that some transition waits for now.'),
})

const Step = z
  .object({
    seq: z.number().int(),
    at: z.iso.datetime(),
    type: z.string(),
    event: fields(),
    recorded: Recorded.describe('As it was written down.'),
    reproduced: Reproduced.describe('As the chart of today has it, going on from the step before.'),
    differences: z.array(
      z.object({
        what: z.string().describe('event, state, value, effects, timer, or a field like context.voiceId.'),
        recorded: z.unknown(),
        reproduced: z.unknown(),
      }),
    ),
    entered: states(),
    took: z.array(z.string()).describe('Ids of transitions of the chart.'),
  })
  .meta({ id: 'ReplayStep' })

const Replay = z
  .object({
    call: z.object({
      id: z.uuid(),
      provider: z.string(),
      direction: z.string(),
      chartVersion: z.string().describe('Of the chart that took the last step.'),
      startedAt: z.iso.datetime(),
      endedAt: z.iso.datetime().nullable(),
      outcome: z.string().nullable(),
    }),
    chartVersion: z.string().describe('Of the chart of today.'),
    steps: z.array(Step),
    firstDifference: z
      .number()
      .int()
      .nullable()
      .describe('The place in steps, from 0, of the first with differences; null when all was reproduced.'),
  })
  .meta({ id: 'Replay' })

export type Replay = AsJson<Replayed>

const UNKNOWN = { 404: 'There is no such call.' }

/** A call's record: stepped through the chart of today, and as a file that can be replayed elsewhere. */
export function replayRoutes({ recorded }: Pick<CallQueries, 'recorded'>): AnyRoute[] {
  const find = async (id: string) => {
    const call = await recorded(id)
    if (!call) throw unknownCall()
    return call
  }
  return [
    route({
      method: 'get',
      path: '/calls/{id}/replay',
      summary: 'A call, live or ended, stepped through the statechart of today',
      params: callParams,
      answer: { status: 200, description: 'The steps, and the first that goes otherwise.', body: Replay },
      problems: { ...UNKNOWN, 409: 'What was written down of the call cannot be replayed.' },
      handler: async ({ params: { id } }) => {
        const call = await find(id)
        try {
          return replay(call)
        } catch (error) {
          if (error instanceof UnreplayableCall) throw new HttpProblem(409, error.message, { cause: error })
          throw error
        }
      },
    }),
    route({
      method: 'get',
      path: '/calls/{id}/export',
      summary: 'A call as a file for `npm run replay`: JSON Lines, without phone numbers',
      params: callParams,
      answer: { status: 200, description: 'The file.' },
      problems: UNKNOWN,
      handler: async ({ params: { id }, res }) => {
        const call = await find(id)
        res.attachment(callFileName(id)).type(CALL_FILE_TYPE)
        res.set('Cache-Control', 'no-store').send(writeCallFile(call))
      },
    }),
  ]
}
