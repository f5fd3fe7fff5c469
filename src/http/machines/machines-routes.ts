import { z } from 'zod'
import type { ChartDefinition } from '../../actors/chart-definition.ts'
import { coverageOf, readRuns, UnreadableRun } from '../../model/coverage.ts'
import { HttpProblem } from '../../problem/problem.ts'
import { type AnyRoute, route } from '../route.ts'

const counts = (of: string) =>
  z.record(z.string(), z.number().int()).describe(`By id of a ${of} that this carrier has; 0 for none.`)

const Coverage = z
  .object({
    chart: z.string(),
    version: z.string().nullable(),
    carriers: z.array(
      z.object({
        carrier: z.string(),
        at: z.iso.datetime(),
        isOfThisChart: z.boolean().describe('False when the chart has changed since it was measured.'),
        paths: z.number().int().describe('How many were played.'),
        states: counts('state'),
        transitions: counts('transition'),
        never: z.array(z.string()).describe('The ids of what no call over this carrier can go through.'),
      }),
    ),
  })
  .meta({ id: 'ChartCoverage' })

/** Shows statecharts, by name, as JSON, and what tests went through of them; `coverageFolder` is where those left it. */
export function machinesRoutes(
  machines: Readonly<Record<string, ChartDefinition>>,
  coverageFolder?: string,
): AnyRoute[] {
  const names = Object.keys(machines)
  const params = z.object({ name: z.string().describe(`One of: ${names.join(', ')}.`) })
  const find = (name: string): ChartDefinition => {
    const definition = names.includes(name) ? machines[name] : undefined
    if (!definition) throw new HttpProblem(404, `There is no such statechart, only: ${names.join(', ')}.`)
    return definition
  }
  const runsOf = (id: string) =>
    readRuns(id, coverageFolder).catch((error: unknown) => {
      throw error instanceof UnreadableRun ? new HttpProblem(500, error.message, { cause: error }) : error
    })
  return [
    route({
      method: 'get',
      path: '/machines/{name}',
      summary: "A statechart's definition",
      params,
      answer: { status: 200, description: 'The definition.', body: z.record(z.string(), z.unknown()) },
      problems: { 404: 'There is no such statechart.' },
      handler: async ({ params: { name } }) => ({ ...find(name) }),
    }),
    route({
      method: 'get',
      path: '/machines/{name}/coverage',
      summary: 'How often tests went through each state and transition, over each carrier',
      params,
      answer: {
        status: 200,
        description: 'What was measured last; no carriers where nothing was.',
        body: Coverage,
      },
      problems: { 404: 'There is no such statechart.' },
      handler: async ({ params: { name } }) => {
        const definition = find(name)
        return coverageOf(definition, await runsOf(definition.id))
      },
    }),
  ]
}
