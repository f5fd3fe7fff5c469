import { z } from 'zod'
import type { LiveCall } from '../../persistence/live-calls.ts'
import { HttpProblem } from '../../problem/problem.ts'
import type { AsJson } from '../as-json.ts'
import { type AnyRoute, route } from '../route.ts'
import { AsyncSignal, beginStream, send } from './event-stream.ts'
import { LiveCallsBoard, type LiveCallsBoardOptions } from './live-calls-board.ts'

/** Told in between, so that a page notices a connection that is dead and does not say so. */
const BEAT_MS = 10_000
const BEAT = 'event: beat\ndata:\n\n'
/** An office full of people with a few windows each. */
const MAX_READERS = 200

/** A live call as the stream tells it. */
export type FeedCall = AsJson<LiveCall>

export type FeedOptions = LiveCallsBoardOptions

/** All live calls in one stream, for the console's chart and list. */
export function feedRoutes(options: FeedOptions): AnyRoute[] {
  const board = new LiveCallsBoard(options)
  return [
    route({
      method: 'get',
      path: '/feed',
      summary: 'All live calls as they change, as server-sent events; Last-Event-ID resumes',
      answer: {
        status: 200,
        description:
          'A text/event-stream: `snapshot` with all live calls, then `changes` with those that changed, ended ones last; `beat` every ten seconds. A reader that is slow is told the latest of each call only.',
        body: z.unknown(),
      },
      problems: { 503: 'Too many clients follow all calls.' },
      handler: async ({ req, res }) => {
        if (req.method === 'HEAD') return undefined
        if (board.readers >= MAX_READERS) {
          throw new HttpProblem(503, 'Too many clients follow all calls; try again later.', {
            headers: { 'Retry-After': '30' },
          })
        }
        const news = new AsyncSignal()
        const leave = await board.watch(() => news.tell())
        res.once('close', () => news.tell())
        try {
          beginStream(res)
          let position = req.get('last-event-id') ?? null
          while (!res.destroyed) {
            const frame = board.read(position)
            if (frame) await send(res, frame.text)
            else if (!(await news.wait(BEAT_MS))) await send(res, BEAT)
            position = frame?.position ?? position
          }
        } finally {
          leave()
        }
      },
    }),
  ]
}
