import { z } from 'zod'
import { HttpProblem } from './problem.ts'
import { type AnyRoute, route } from './route.ts'

/** Shows statecharts, by name, as JSON. */
export function machinesRoutes(machines: Readonly<Record<string, object>>): AnyRoute[] {
  const names = Object.keys(machines)
  return [
    route({
      method: 'get',
      path: '/machines/{name}',
      summary: "A statechart's definition",
      params: z.object({ name: z.string().describe(`One of: ${names.join(', ')}.`) }),
      answer: { status: 200, description: 'The definition.', body: z.record(z.string(), z.unknown()) },
      problems: { 404: 'There is no such statechart.' },
      handler: async ({ params: { name } }) => {
        const definition = names.includes(name) ? machines[name] : undefined
        if (!definition) throw new HttpProblem(404, `There is no such statechart, only: ${names.join(', ')}.`)
        return definition as Record<string, unknown>
      },
    }),
  ]
}
