import { once } from 'node:events'
import type { Response } from 'express'
import type { RecordedEvent } from '../../persistence/call-queries.ts'
import { HttpProblem } from '../../problem/problem.ts'

/** Proxies cut connections that are silent for a minute. */
const HEARTBEAT_MS = 15_000
/** Events whose news got lost with the node that wrote them are found by looking. */
const CATCH_UP_MS = 2_000

/** A browser reads within moments, or its machine sleeps; it connects again when it wakes up. */
const PATIENCE_MS = 60_000

/** A few people with a few windows each; every stream reads the database at each event of its call. */
const MAX_STREAMS = 500

export interface EventSource {
  /** The events after `seq`, in order. */
  read(seq: number): Promise<RecordedEvent[]>
  /** Calls back when there may be more, until the returned function is called. */
  watch(onNews: () => void): () => void
}

/** Serves the events of calls as they happen, in the form of https://html.spec.whatwg.org/multipage/server-sent-events.html */
export class EventStreams {
  #open = 0

  /** Resolves when the call has ended or the client has gone. */
  async serve(res: Response, source: EventSource, afterSeq: number): Promise<void> {
    if (this.#open >= MAX_STREAMS) {
      throw new HttpProblem(503, 'Too many clients follow calls; try again later.', {
        headers: { 'Retry-After': '30' },
      })
    }
    this.#open++
    const news = new AsyncSignal()
    // From before the first read, so that nothing falls between the two.
    const unwatch = source.watch(() => news.tell())
    res.once('close', () => news.tell())
    try {
      await stream(res, source, afterSeq, news)
    } finally {
      unwatch()
      this.#open--
    }
  }
}

async function stream(
  res: Response,
  source: EventSource,
  afterSeq: number,
  news: AsyncSignal,
): Promise<void> {
  beginStream(res)
  let seq = afterSeq
  let sentAt = performance.now()
  while (!res.destroyed) {
    for (const event of await source.read(seq)) {
      await send(res, `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`)
      seq = event.seq
      sentAt = performance.now()
      if (event.stateAfter === 'ended') return void res.end()
    }
    if ((await news.wait(CATCH_UP_MS)) || performance.now() - sentAt < HEARTBEAT_MS) continue
    await send(res, ': still there\n\n')
    sentAt = performance.now()
  }
}

/** The head of a stream of events; from here on there is no other answer. */
export function beginStream(res: Response): void {
  res.set({
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    // Nginx would keep the events back until it has a buffer full of them.
    'X-Accel-Buffering': 'no',
  })
  res.flushHeaders()
}

/** Waits for a slow client rather than keeping for it what it does not take, and parts with one that takes nothing. */
export async function send(res: Response, frame: string): Promise<void> {
  if (res.destroyed || res.write(frame)) return
  const gone = new AbortController()
  const giveUp = () => gone.abort()
  const patience = setTimeout(() => res.destroy(), PATIENCE_MS)
  res.once('close', giveUp)
  await once(res, 'drain', { signal: gone.signal }).catch(() => {})
  clearTimeout(patience)
  res.off('close', giveUp)
}

/** Remembers that there was news until somebody waits for it. */
export class AsyncSignal {
  #isNew = false
  #wake: (() => void) | null = null

  tell(): void {
    this.#isNew = true
    this.#wake?.()
  }

  /** Resolves with true when there is news, with false when the time is up. */
  async wait(forMs: number): Promise<boolean> {
    if (!this.#isNew) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, forMs)
      await promise
      clearTimeout(timer)
      this.#wake = null
    }
    const wasNew = this.#isNew
    this.#isNew = false
    return wasNew
  }
}
