import { z } from 'zod'
import type { CallContext } from '../../../machines/call/call-context.ts'
import { type CallView, nextInstructions } from '../../../machines/instructions.ts'
import type { LiveCallQueries } from '../../persistence/live-calls.ts'
import { type AnyRoute, route } from '../route.ts'
import { callParams, unknownCall } from './calls-routes.ts'

/** A call with everything that it goes on from; null when there is none. */
export interface CallFinder {
  find(address: { callId: string }): Promise<{
    row: { chartVersion: string; snapshot: object }
    view: CallView
  } | null>
}

export type CallStateOptions = { calls: CallFinder; timers: Pick<LiveCallQueries, 'timers'> }

const CallState = z
  .object({
    seq: z.number().int().describe('Of the step that brought the call here.'),
    chartVersion: z.string(),
    value: z.unknown().describe("XState's state value of each machine of the call, by its address."),
    context: z.custom<CallContext>().meta({ type: 'object' }).describe('What the call remembers.'),
    instructions: z.array(z.unknown()).describe('What its leg is to do now, in order.'),
    timers: z
      .array(z.object({ timerId: z.string(), dueAt: z.date() }))
      .describe('What happens by itself, the next first.'),
  })
  .meta({ id: 'CallState' })

/** What a call goes on from. */
export function callStateRoutes({ calls, timers }: CallStateOptions): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/calls/{id}/state',
      summary:
        'Where a call is in its chart: state value, context, instructions, timers with their due times',
      params: callParams,
      answer: { status: 200, description: 'The state.', body: CallState },
      problems: { 404: 'There is no such call.' },
      handler: async ({ params: { id } }) => {
        const found = await calls.find({ callId: id })
        if (!found) throw unknownCall()
        const { row, view } = found
        const { value } = row.snapshot as { value?: unknown }
        return {
          seq: view.seq,
          chartVersion: row.chartVersion,
          value,
          context: view.context,
          instructions: nextInstructions(view),
          timers: await timers.timers(id),
        }
      },
    }),
  ]
}
