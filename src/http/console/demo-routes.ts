import { type AnyRoute, route } from '../route.ts'

/** Only a demo has these; `kill` ends the process as a crash would, and something outside starts it again. */
export function demoRoutes(kill: (() => void) | null): AnyRoute[] {
  if (kill === null) return []
  return [
    route({
      method: 'post',
      path: '/demo/kill',
      summary: 'Kills this process, as a crash would; live calls go on when it has been started again',
      answer: { status: 202, description: 'It ends as soon as this answer is sent.' },
      handler: async ({ res }) => {
        // What ends with SIGKILL sends nothing any more.
        res.once('close', kill)
        res.set('Connection', 'close')
      },
    }),
  ]
}
