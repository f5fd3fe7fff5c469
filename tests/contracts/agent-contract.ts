import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { AgentCapabilities, AgentRequest, VoiceAgent } from '../../src/media/agent-port.ts'
import { neverLate } from '../support/never-late.ts'
import { REQUEST, RecordedAgent } from '../voice-agents/recorded-agent.ts'

/*
 * What every backend of voice agents keeps to: src/media/agent-port.ts, as tests. Time stands still until a test moves it.
 */

/** What a backend says of itself; tests of what it cannot do are left out. */
export type AgentSpec = {
  name: string
  capabilities: AgentCapabilities
  /** Over a network: it has a `wire`. */
  isOverWire: boolean
}

/** The vendor's end of a backend's connections, in the hand of a test. All of it is about the latest connection. */
export interface AgentUnderTest {
  readonly agent: VoiceAgent
  /** Lets the connection in and announces the agent, whose formats are both mu-law in base64; resolves when that was taken. */
  admit(): Promise<void>
  /** Resolves when all that the vendor has sent was taken. */
  settled(): Promise<void>
  /** The agent speaks; each payload is another message. */
  speak(payload: string): void
  agentSays(text: string): void
  callerSaid(text: string): void
  /** Where a vendor says by itself how much of its words was spoken. */
  correct?(original: string, spoken: string): void
  /** Only with the capability `interrupt`. What is spoken before it and comes late is sent again behind it. */
  interrupt?(late: string): void
  /** What the vendor was told was not heard, in milliseconds. Only with the capability `truncate`. */
  unheard?(): number[]
  /** Audio that has come from the caller, in order. */
  heard(): string[]
  /** All text that has come, the conversation before this connection included. */
  texts(): string[]
  /** Closes the conversation of its own will. */
  end(): void
  /** The connection breaks without a word. */
  drop(): void
  /** The next connection is refused for good, in these words. */
  refuse(words: string): void
  readonly wire?: {
    /** How long the vendor may say nothing, in milliseconds. */
    silenceMs: number
    /** Resolves when the connection has reached the vendor, which has not let it in. */
    reached(): Promise<void>
    /** The next connection is never answered. */
    ignore(): void
    /** Sends this as it is. */
    send(data: string | Buffer): void
    /** Announces the agent once more. */
    announceAgain(): void
    /** Sends nothing more by itself, not even what keeps a connection alive. */
    fallSilent(): void
    openSockets(): number
  }
  stop(): Promise<void>
}

/** The longest that `connect` may take to say what came of it. */
const CONNECT_MS = 10_000
const CAUSE = /^[\w.-]{1,64}$/
const SAID = { role: 'caller', text: 'My number is 4711.', interrupted: false, at: new Date(0) } as const
const turn = () => new Promise(setImmediate)

export function agentContract(spec: AgentSpec, open: () => Promise<AgentUnderTest>): void {
  const { capabilities } = spec
  describe(`the agent port, by ${spec.name}`, () => {
    let subject: AgentUnderTest

    beforeEach(async () => {
      subject = await open()
      neverLate()
      vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
      })
    })
    afterEach(async () => {
      await gone(() => subject.wire?.openSockets() ?? 0)
      const sockets = subject.wire?.openSockets() ?? 0
      await subject.stop()
      await gone(() => vi.getTimerCount())
      const timers = vi.getTimerCount()
      vi.useRealTimers()
      vi.restoreAllMocks()
      expect({ sockets, timers }, 'what a closed connection has left').toEqual({ sockets: 0, timers: 0 })
    })

    function dial(change: Partial<AgentRequest> = {}) {
      const agent = new RecordedAgent()
      const connection = subject.agent.connect({ ...REQUEST, ...change }, agent)
      return { agent, connection }
    }

    async function talk(change: Partial<AgentRequest> = {}) {
      const call = dial(change)
      await subject.admit()
      await vi.waitFor(() => expect(call.agent.reports[0]).toMatch(/^ready /))
      call.agent.reports.length = 0
      return call
    }

    const reports = async ({ agent }: { agent: RecordedAgent }, expected: string[]) => {
      await subject.settled()
      expect(agent.reports).toEqual(expected)
    }

    describe('a connection', () => {
      test('reports nothing before it is returned, then that it is ready, in which formats', async () => {
        const { agent, connection } = dial()
        expect(agent.reports).toEqual([])
        expect(connection.capabilities).toEqual(capabilities)
        await subject.admit()
        await vi.waitFor(() => expect(agent.reports).toEqual([expect.stringMatching(/^ready ./)]))
        const mulaw = { encoding: 'mulaw', rate: 8000, wire: 'base64' }
        expect(agent.formats).toEqual({ inputFormat: mulaw, outputFormat: mulaw })
        connection.close()
      })

      test('takes the caller’s audio in order, and none before it is ready or after its end', async () => {
        const { connection } = dial()
        connection.sendAudio(Buffer.from('AAAA'))
        await subject.wire?.reached()
        connection.sendAudio(Buffer.from('AAAA'))
        await subject.admit()
        for (const payload of ['BBBB', 'CCCC', 'DDDD']) connection.sendAudio(Buffer.from(payload))
        await vi.waitFor(() => expect(subject.heard()).toEqual(['BBBB', 'CCCC', 'DDDD']))
        expect(connection.bufferedBytes).toBeGreaterThanOrEqual(0)
        connection.close()
        connection.sendAudio(Buffer.from('EEEE'))
        await turn()
        expect(subject.heard()).toEqual(['BBBB', 'CCCC', 'DDDD'])
      })

      test('brings the agent’s audio in order and unchanged, among what is said', async () => {
        const call = await talk()
        subject.speak('AAAA')
        subject.agentSays('Hello.')
        subject.speak('BB==')
        subject.callerSaid('Hi.')
        subject.speak('CCCC')
        subject.correct?.('Hello.', 'Hel')
        await reports(call, [
          'audio AAAA',
          'agent: Hello.',
          'audio BB==',
          'caller: Hi.',
          'audio CCCC',
          ...(subject.correct ? ['spoken: Hel'] : []),
        ])
        call.connection.close()
      })

      test('goes on with what was said before it', async () => {
        const { connection } = await talk({ conversationSoFar: [SAID] })
        await vi.waitFor(() => expect(subject.texts().join()).toContain(SAID.text))
        connection.close()
      })

      if (capabilities.textInput)
        test('tells of keys, and of hold, by text', async () => {
          const { connection } = await talk()
          const before = subject.texts().length
          connection.sendDtmf('47#')
          await vi.waitFor(() => expect(subject.texts().slice(before).join()).toMatch(/4\D*7\D*#/))
          for (const isOnHold of [true, false]) {
            const texts = subject.texts().length
            connection.setOnHold(isOnHold)
            await vi.waitFor(() => expect(subject.texts()).toHaveLength(texts + 1))
          }
          connection.close()
        })

      test('drops what comes before it is ready or after its end, and never throws', async () => {
        const { connection } = dial()
        const use = () => {
          if (capabilities.textInput) connection.sendDtmf('1#')
          if (capabilities.textInput) connection.setOnHold(true)
          if (capabilities.truncate) connection.truncate(20)
        }
        use()
        await subject.wire?.reached()
        use()
        await subject.admit()
        expect(subject.texts()).toEqual([])
        connection.close()
        use()
        await turn()
        expect(subject.texts()).toEqual([])
      })
    })

    if (capabilities.interrupt)
      test('an interruption is reported before the audio behind it, and what it talked over is not heard', async () => {
        const call = await talk()
        if (!subject.interrupt) throw new Error('How does the vendor tell of an interruption?')
        subject.speak('AAAA')
        subject.interrupt('BBBB')
        subject.speak('CCCC')
        await reports(call, ['audio AAAA', 'interrupted', 'audio CCCC'])
        call.connection.close()
      })

    if (capabilities.truncate)
      test('the vendor is told how much of its speech was not heard', async () => {
        const { connection } = await talk()
        subject.speak(Buffer.alloc(800, 0xff).toString('base64'))
        await subject.settled()
        connection.truncate(60)
        await vi.waitFor(() => expect(subject.unheard?.()).toEqual([60]))
        connection.close()
      })

    describe('the end', () => {
      test('is told once when the agent closes the conversation, after its last words', async () => {
        const { agent } = await talk()
        subject.speak('AAAA')
        subject.end()
        expect(await endOf(agent)).toBe('ended')
        subject.drop()
        await turn()
        expect(agent.reports).toEqual(['audio AAAA', 'ended'])
      })

      test('is a loss for a reason when the connection breaks, and may be tried again', async () => {
        const { agent, connection } = await talk()
        subject.drop()
        expect((await endOf(agent)).replace('lost ', '')).toMatch(CAUSE)
        expect(agent.isPermanent).toBe(false)
        connection.sendAudio(Buffer.from('AAAA'))
        connection.close()
        await turn()
        expect(agent.ends).toHaveLength(1)
      })

      test('is a loss for good in the vendor’s own words when it refuses', async () => {
        subject.refuse('No such agent here.')
        const { agent } = dial()
        expect((await endOf(agent)).replace('lost ', '')).toMatch(CAUSE)
        expect(agent.detail).toContain('No such agent here.')
        expect(agent.isPermanent).toBe(true)
        await turn()
        expect(agent.reports).toHaveLength(1)
      })
    })

    describe('closed from here,', () => {
      test.each(['at once', 'on the way', 'in the conversation'])(
        '%s and twice, it reports nothing',
        async (when) => {
          const { agent, connection } = dial()
          if (when === 'on the way') await turn()
          if (when === 'in the conversation') await subject.admit()
          agent.reports.length = 0
          connection.close()
          connection.close()
          await turn()
          expect(agent.reports).toEqual([])
        },
      )

      test('inside any of its own reports, it reports nothing more', async () => {
        for (const last of [/^ready/, /^audio/, /^agent/, /^caller/]) {
          const { agent, connection } = dial()
          agent.onReport = (report) => last.test(report) && connection.close()
          await subject.admit()
          subject.speak('AAAA')
          subject.agentSays('Hello.')
          subject.callerSaid('Hi.')
          subject.speak('BBBB')
          subject.drop()
          await turn()
          expect(agent.reports.at(-1)).toMatch(last)
          expect(agent.ends).toEqual([])
        }
      })

      test('it leaves other connections of the backend as they are', async () => {
        const first = dial()
        first.connection.close()
        const second = await talk()
        subject.speak('AAAA')
        await reports(second, ['audio AAAA'])
        second.connection.close()
      })
    })

    if (spec.isOverWire)
      describe('over its wire,', () => {
        const wire = () => {
          if (!subject.wire) throw new Error('How does a test reach the wire?')
          return subject.wire
        }

        test('a vendor that never answers is given up in time', async () => {
          wire().ignore()
          const { agent } = dial()
          await turn()
          vi.advanceTimersByTime(CONNECT_MS)
          expect(agent.reports).toEqual([expect.stringMatching(/^lost /)])
          expect(agent.isPermanent).toBe(false)
        })

        test('a half-open connection is found by its silence', async () => {
          const { agent } = await talk()
          wire().fallSilent()
          vi.advanceTimersByTime(wire().silenceMs - 1_000)
          await subject.settled()
          vi.advanceTimersByTime(wire().silenceMs - 1_000)
          expect(agent.reports).toEqual([])
          vi.advanceTimersByTime(3_000)
          expect(agent.reports).toEqual([expect.stringMatching(/^lost /)])
          expect(agent.isPermanent).toBe(false)
        })

        test('an announcement that comes again changes nothing', async () => {
          const call = await talk()
          wire().announceAgain()
          subject.speak('AAAA')
          await reports(call, ['audio AAAA'])
          call.connection.close()
        })

        test('odd messages do not end a conversation', async () => {
          const call = await talk()
          for (const odd of ['', '{', '[]', '{"type":7}', '<html>', Buffer.from([0, 1]), '{"type":"news"}'])
            wire().send(odd)
          subject.speak('AAAA')
          await reports(call, ['audio AAAA'])
          call.connection.close()
        })

        test('noise without end, or a message without end, is a loss, told once', async () => {
          for (const noise of [Array.from({ length: 200 }, () => '<html>'), ['x'.repeat(20 * 1024 * 1024)]]) {
            const { agent } = await talk()
            for (const message of noise) wire().send(message)
            expect(await endOf(agent)).toMatch(/^lost /)
            await turn()
            expect(agent.ends).toHaveLength(1)
          }
        })
      })

    test('whatever an agent does, in whatever order, it is over once, and then nothing more is reported', async () => {
      const deeds = {
        speaks: () => subject.speak('AAAA'),
        'says something': () => subject.agentSays('Hello.'),
        'hears something': () => subject.callerSaid('Hi.'),
        'is interrupted': () => subject.interrupt?.('BBBB'),
        'sends nonsense': () => subject.wire?.send('<html>'),
        'begins again': () => subject.wire?.announceAgain(),
        ends: () => subject.end(),
        drops: () => subject.drop(),
      }
      const names = fc.constantFrom(...(Object.keys(deeds) as (keyof typeof deeds)[]))
      await fc.assert(
        fc.asyncProperty(fc.array(names, { maxLength: 8 }), fc.boolean(), async (script, isSlow) => {
          const { agent } = await talk()
          for (const deed of script) {
            deeds[deed]()
            if (isSlow) await turn()
          }
          subject.drop()
          const end = await endOf(agent)
          await turn()
          expect(agent.ends).toEqual([end])
          expect(agent.reports.at(-1)).toBe(end)
        }),
        { numRuns: 40 },
      )
    })
  })
}

/** How it ended; a connection that never says so is told of as what it did say. */
async function endOf(agent: RecordedAgent): Promise<string> {
  await vi.waitFor(
    () => expect(agent.reports, 'the end is missing').toContainEqual(expect.stringMatching(/^(ended|lost)/)),
    {
      timeout: 3_000,
    },
  )
  return agent.over
}

/** The other end learns a moment later that a socket is closed. */
async function gone(count: () => number): Promise<void> {
  for (let turns = 0; turns < 200 && count() > 0; turns++) await turn()
}
