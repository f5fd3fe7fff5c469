import pino from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ANSWER_MS, type Answer } from '../../src/node/node-question.ts'
import { NodeWatch } from '../../src/node/node-watch.ts'
import { BEAT_MS, TIME_OUT_MS } from '../../src/persistence/heartbeat.ts'
import { DOUBT_MS, type NodeRegistry, type Suspect } from '../../src/persistence/node-registry.ts'
import type { OwnSession } from '../../src/persistence/own-session.ts'
import { neverLate } from '../support/never-late.ts'

/* What is done about a node is a table: what the database knows of it, and what it says itself. */

const SESSION = {} as OwnSession
let done: string[]
beforeEach(() => {
  done = []
})

/** Looks at one node as often as it is listed here. */
async function judged(answer: Answer, ...states: Partial<Suspect>[]): Promise<string[]> {
  const suspects = states.map((state) => ({
    id: 'other',
    address: 'http://other',
    host: 'h',
    silentMs: 6_000,
    hasSession: true,
    ...state,
  }))
  let look = 0
  const registry = {
    suspects: async () => [suspects[look]],
    suspect: async () => suspects[look],
    remove: async () => Boolean(done.push('removed')),
    claimSilent: async () => Boolean(done.push('jobs freed')),
    tidy: async () => {},
  } as unknown as NodeRegistry
  const watch = new NodeWatch({
    registry,
    ask: async () => answer,
    log: pino({ level: 'silent' }),
    onGone: async () => void (done.includes('removed') && done.push('taken over')),
    onUnresponsive: async (id) => void done.push(`led away from ${id}`),
    onStuck: () => void done.push('stuck'),
  })
  for (; look < suspects.length; look++) {
    await watch.look(SESSION)
    await watch.settled()
  }
  return done
}

const FRESH = { silentMs: 500 }
const LONG = { silentMs: 31_000 }
const NO_SESSION = { hasSession: false }
const OLD_VERSION = { silentMs: null, address: null }

describe('another node', () => {
  it.each<[string, Answer, Partial<Suspect>, string[]]>([
    [
      'is gone: nobody listens there and its session is over',
      'refused',
      { ...FRESH, ...NO_SESSION },
      ['removed', 'taken over'],
    ],
    ['is gone: nobody listens there and its heartbeat is late', 'refused', {}, ['removed', 'taken over']],
    ['is not gone while heartbeat and session are there', 'refused', FRESH, []],
    ['is gone: another one has its place', 'replaced', NO_SESSION, ['removed', 'taken over']],
    ['is not gone because its address leads to another one', 'replaced', { ...FRESH, ...NO_SESSION }, []],
    ['hangs: no answer and no heartbeat', 'silent', {}, ['jobs freed', 'led away from other']],
    ['is not hung while its heartbeat comes', 'silent', { ...FRESH, ...NO_SESSION }, []],
    ['lives without the database, and keeps its jobs for a while', 'here', { ...NO_SESSION }, []],
    [
      'lives without the database for long: its jobs are freed, its calls are not',
      'here',
      LONG,
      ['jobs freed'],
    ],
    ['lives, its listener is being made anew', 'here', { ...FRESH, ...NO_SESSION }, []],
    ['of an older version lives as long as its session', 'unasked', OLD_VERSION, []],
    [
      'of an older version is gone with its session',
      'unasked',
      { ...OLD_VERSION, ...NO_SESSION },
      ['removed', 'taken over'],
    ],
    ['cannot be asked, and has a session: it is left alone', 'unasked', { address: null }, []],
  ])('%s', async (_, answer, state, expected) => {
    expect(await judged(answer, state)).toEqual(expected)
  })
})

describe('a node that hangs', () => {
  beforeEach(() => {
    neverLate()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Milliseconds after its last heartbeat; the judge's own come each second, the first one after `phase`. */
  async function ledAwayAfter(phase: number): Promise<number> {
    const stoppedAt = performance.now()
    const suspect = () => ({
      id: 'other',
      address: 'http://other',
      host: 'h',
      hasSession: true,
      silentMs: performance.now() - stoppedAt,
    })
    const registry = {
      suspects: async () => [suspect()].filter(({ silentMs }) => silentMs > DOUBT_MS),
      suspect: async () => suspect(),
      claimSilent: async () => true,
      tidy: async () => {},
    } as unknown as NodeRegistry
    const ledAway = Promise.withResolvers<number>()
    const watch = new NodeWatch({
      registry,
      log: pino({ level: 'silent' }),
      onGone: async () => {},
      ask: () => new Promise((resolve) => setTimeout(() => resolve('silent'), ANSWER_MS)),
      onUnresponsive: async () => ledAway.resolve(performance.now() - stoppedAt),
      onStuck: () => {},
    })
    let isOver = false
    void ledAway.promise.then(() => {
      isOver = true
    })
    await vi.advanceTimersByTimeAsync(phase)
    while (!isOver) {
      await watch.look(SESSION)
      await vi.advanceTimersByTimeAsync(BEAT_MS)
    }
    return ledAway.promise
  }

  it('is not judged before its time is over, and its calls are led away within six seconds', async () => {
    const longest = DOUBT_MS + BEAT_MS + ANSWER_MS
    expect(longest).toBeLessThanOrEqual(6_000)
    for (let phase = 0; phase < BEAT_MS; phase += 50) {
      const afterMs = await ledAwayAfter(phase)
      expect(afterMs).toBeGreaterThanOrEqual(TIME_OUT_MS)
      expect(afterMs).toBeLessThanOrEqual(longest)
    }
  })
})

describe('taking over what waits for nodes that are gone', () => {
  it('keeps no heartbeat waiting, is not begun twice, and is told of when nobody answers it', async () => {
    neverLate()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const registry = { suspects: async () => [], tidy: async () => {} } as unknown as NodeRegistry
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    const watch = new NodeWatch({
      registry,
      ask: async () => 'here',
      log: pino({ level: 'silent' }),
      onGone: () => {
        done.push('begun')
        return answered
      },
      onUnresponsive: async () => {},
      onStuck: (ms) => void done.push(`stuck for ${ms} ms`),
    })
    for (let beat = 0; beat < 12; beat++) {
      await watch.look(SESSION)
      await vi.advanceTimersByTimeAsync(BEAT_MS)
    }
    expect(done).toEqual(['begun', 'stuck for 10000 ms'])
    answer()
    await watch.settled()
    for (let beat = 0; beat < 3; beat++) await watch.look(SESSION)
    expect(done).toHaveLength(3)
    vi.useRealTimers()
  })
})
