import { v7 as uuidv7 } from 'uuid'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CallInput, CallLimits } from '../../machines/call-events.ts'
import { faultOf } from '../../machines/end-reasons.ts'
import type { Delivery, Job } from '../../src/actors/actor-store.ts'
import { beginCall } from '../../src/calls/step.ts'
import type { CallRow, CallStore, NewCall, Step } from '../../src/calls/store.ts'

/*
 * What every store of calls keeps to: src/calls/store.ts, as tests.
 */

/** One store as two processes have it open, and what a test must know of it beside the port. */
export interface StoreUnderTest {
  readonly stores: readonly [CallStore, CallStore]
  /** So much time passes for the store's own clock. */
  passTime(ms: number): Promise<void>
  /** This caller has samples of this key. */
  know(caller: string, sampleKey: string): Promise<void>
  events(callId: string): Promise<{ seq: number; type: string }[]>
  /** The tasks that steps have asked for, oldest first. */
  jobs(): Promise<string[]>
  /** No call, timer or job is left. */
  empty(): Promise<void>
  close(): Promise<void>
}

const NODE_A = '01900000-0000-7000-8000-00000000000a'
const NODE_B = '01900000-0000-7000-8000-00000000000b'
const LIMITS: CallLimits = {
  cloneMaxWaitMs: 35_000,
  legPatienceMs: 60_000,
  agentConnectMs: 10_000,
  greetingOverdueMs: 60_000,
  roundOverdueMs: 60_000,
  agentRecoveryMs: 10_000,
  agentPausesMs: [500, 1_000],
  callMaxMs: 14_400_000,
}
const JOB: Job = { task: 'a-task', payload: {}, key: 'a-key', queue: null, attempts: 3 }
const NO_TIMERS: Step['timers'] = { set: [], cancel: [], rename: {} }
const END: Step['end'] = { reason: 'caller_hung_up', fault: faultOf('caller_hung_up') }

/** Its carrier knows it. */
type Arriving = NewCall & { providerCallId: string }

const arriving = (change: Partial<Arriving> = {}): Arriving => {
  const id = uuidv7()
  return {
    id,
    legId: uuidv7(),
    provider: 'twilio',
    providerCallId: `CA-${id}`,
    direction: 'inbound',
    from: '+15550100009',
    to: '+15550199999',
    publicOrigin: 'https://voice.example',
    mediaSecret: `secret-of-${id}`,
    ...change,
  }
}

export function storeContract(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`the call store, by ${name}`, () => {
    let subject: StoreUnderTest
    let a: CallStore
    let b: CallStore
    beforeAll(async () => {
      subject = await open()
      ;[a, b] = subject.stores
    })
    afterAll(() => subject.close())
    beforeEach(() => subject.empty())

    /** Opens a call as the service would, whose first step sets no timer of its own. */
    const begin = (call: NewCall, { store = a, capacity = 100, nodeId = NODE_A, jobs = [] as Job[] } = {}) =>
      store.open(
        call,
        ({ voice, liveCalls }) => {
          const admission: CallInput['admission'] = liveCalls >= capacity ? 'capacity_full' : 'accepted'
          return {
            ...beginCall(call.id, { legId: call.legId, admission, voice, limits: LIMITS }),
            timers: NO_TIMERS,
            jobs,
          }
        },
        { nodeId, capacity },
      )

    const begun = async (change: Partial<Arriving> = {}) => (await begin(arriving(change))).row

    /** A step that changes what is given, and else nothing but the event and the number. */
    const stepOf = (row: CallRow, change: Partial<Step> = {}): Step => {
      const voice = { kind: 'default', voiceId: null } as const
      const first = beginCall(row.id, {
        legId: row.legs[0]?.id ?? '',
        admission: 'accepted',
        voice,
        limits: LIMITS,
      })
      const { reason: outcome = null, fault = null } = change.end ?? {}
      const columns = { ...first.columns, outcome, fault }
      return {
        ...first,
        columns,
        event: { type: 'tried' },
        timers: NO_TIMERS,
        jobs: [],
        effects: [],
        ...change,
      }
    }

    const step = (
      { id }: Pick<CallRow, 'id'>,
      change: Partial<Step> = {},
      {
        delivery = {},
        store = a,
        nodeId = NODE_A,
      }: { delivery?: Delivery; store?: CallStore; nodeId?: string } = {},
    ) => store.step(id, delivery, (row) => stepOf(row, change), nodeId)

    const setTimers = (row: CallRow, timers: Record<string, number>) =>
      step(row, {
        timers: {
          ...NO_TIMERS,
          set: Object.entries(timers).map(([timerId, delayMs]) => ({ timerId, delayMs })),
        },
      })

    const due = async () => (await a.dueTimers(100)).map(({ timerId }) => timerId)

    describe('a call', () => {
      test('is opened once, however many announce it at the same time, and its jobs are asked for once', async () => {
        const call = arriving()
        const opened = await Promise.all(
          Array.from({ length: 12 }, (_, index) =>
            begin({ ...call, id: uuidv7(), legId: uuidv7() }, { store: index % 2 ? a : b, jobs: [JOB] }),
          ),
        )
        expect(new Set(opened.map(({ row }) => row.id)).size).toBe(1)
        expect(opened.filter(({ created }) => created)).toHaveLength(1)
        expect(opened.filter(({ step }) => step !== null)).toHaveLength(1)
        expect(await subject.jobs()).toEqual([JOB.task])
        expect(await subject.events(opened[0]?.row.id ?? '')).toEqual([{ seq: 1, type: 'call.began' }])
      })

      test('is found by its id and by its carrier’s, as it was written, on whatever node', async () => {
        const call = arriving()
        const { row } = await begin(call)
        const { legId, provider, providerCallId, ...announced } = call
        const leg = { id: legId, role: 'caller', provider, providerCallId }
        for (const address of [call.id, { provider, providerCallId }])
          expect(await b.find(address)).toEqual(row)
        expect(row).toMatchObject({
          ...announced,
          provider,
          legs: [leg],
          lastSeq: 1,
          endedAt: null,
          outcome: null,
        })
        expect(await a.find({ provider: 'sip', providerCallId })).toBeNull()
        expect(await a.find(uuidv7())).toBeNull()
      })

      test('has its own number at each carrier', async () => {
        const call = arriving()
        const [twilio, sip] = [
          await begin(call),
          await begin({ ...call, id: uuidv7(), legId: uuidv7(), provider: 'sip' }),
        ]
        expect([twilio.created, sip.created]).toEqual([true, true])
      })
    })

    describe('the capacity', () => {
      test('is given away once, however many come at once, on whatever node', async () => {
        const calls = Array.from({ length: 15 }, () => arriving())
        const opened = await Promise.all(
          // Each is announced twice.
          [...calls, ...calls].map((call, at) =>
            begin({ ...call, id: uuidv7(), legId: uuidv7() }, { store: at % 2 ? a : b, capacity: 3 }),
          ),
        )
        const states = Map.groupBy(
          opened.filter(({ created }) => created),
          ({ step }) => step?.view.state,
        )
        expect([states.get('greeting')?.length, states.get('rejected')?.length]).toEqual([3, 12])
      })

      test('comes back with the end of a call, and is taken by none that was turned away', async () => {
        const first = await begin(arriving(), { capacity: 1 })
        expect((await begin(arriving(), { capacity: 1 })).step?.view.state).toBe('rejected')
        await step(first.row, { end: END })
        expect((await begin(arriving(), { capacity: 1 })).step?.view.state).toBe('greeting')
      })
    })

    describe('steps', () => {
      test('that come at the same time on two nodes are taken one after the other, each on what the last has left', async () => {
        const row = await begun()
        const seen: number[] = []
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, at) =>
            (at % 2 ? a : b).step(row.id, {}, (now) => stepOf(now, { snapshot: { at } }), NODE_A),
          ),
        )
        for (const result of results) if (result) seen.push(result.row.lastSeq)
        expect(seen.sort((x, y) => x - y)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1))
        const seqs = (await subject.events(row.id)).map(({ seq }) => seq)
        expect(seqs).toEqual(Array.from({ length: 21 }, (_, at) => at + 1))
        expect((await a.find(row.id))?.lastSeq).toBe(21)
      })

      test('that decide for nothing, or fail, leave nothing', async () => {
        const row = await begun()
        const ignored = await a.step(row.id, { eventId: 'e1' }, () => null, NODE_A)
        expect(ignored).toMatchObject({ step: null, repeated: false })
        const failed = a.step(
          row.id,
          { eventId: 'e2' },
          () => {
            throw new Error('The chart does not know.')
          },
          NODE_A,
        )
        await expect(failed).rejects.toThrow('The chart does not know.')
        expect(await a.find(row.id)).toEqual(row)
        expect(await a.step(uuidv7(), {}, () => null, NODE_A)).toBeNull()
      })

      test('are taken once for each id of a delivery, by call', async () => {
        const [row, other] = [await begun(), await begun()]
        const delivery = { eventId: 'token-1' }
        const taken = await Promise.all(
          Array.from({ length: 8 }, (_, at) =>
            step(row, { jobs: [JOB] }, { delivery, store: at % 2 ? a : b }),
          ),
        )
        expect(taken.filter((result) => result?.step)).toHaveLength(1)
        expect(taken.filter((result) => result?.repeated)).toHaveLength(7)
        expect((await step(other, {}, { delivery }))?.repeated).toBe(false)
        expect((await step(row, {}, { delivery: { eventId: 'token-2' } }))?.step).not.toBeNull()
        expect(await subject.jobs()).toEqual([JOB.task])
      })

      test('are over with the call: it ends once, and then nobody is asked any more', async () => {
        const row = await begun()
        await setTimers(row, { PATIENCE: 1_000 })
        const ends = await Promise.all([a, b, a, b].map((store) => step(row, { end: END }, { store })))
        expect(ends.filter((result) => result?.step)).toHaveLength(1)
        const ended = await a.find(row.id)
        expect(ended).toMatchObject({ outcome: 'caller_hung_up', lastSeq: 3 })
        expect(ended?.endedAt?.getTime()).toBeGreaterThanOrEqual(row.startedAt.getTime())
        const late = await a.step(row.id, {}, () => expect.unreachable(), NODE_A)
        expect(late).toMatchObject({ step: null, repeated: false })
        await subject.passTime(2_000)
        expect(await due()).toEqual([])
      })
    })

    describe('a timer', () => {
      test('that is not due fires nothing, and one that is due fires once, on whatever node', async () => {
        const row = await begun()
        await setTimers(row, { PATIENCE: 10_000 })
        const fire = (store: CallStore) =>
          step(row, { event: { type: 'PATIENCE' } }, { delivery: { timerId: 'PATIENCE' }, store })
        expect(await due()).toEqual([])
        expect(await fire(a)).toMatchObject({ step: null, repeated: true })
        await subject.passTime(10_000)
        expect(await due()).toEqual(['PATIENCE'])
        const fired = await Promise.all([a, b, a, b].map(fire))
        expect(fired.filter((result) => result?.step)).toHaveLength(1)
        expect(await due()).toEqual([])
      })

      test('is found the sooner the longer it is overdue', async () => {
        const row = await begun()
        await setTimers(row, { LATER: 3_000, SOON: 1_000, NEXT: 2_000, NEVER: 60_000 })
        await subject.passTime(5_000)
        expect(await due()).toEqual(['SOON', 'NEXT', 'LATER'])
        expect(await a.dueTimers(1)).toEqual([{ id: row.id, timerId: 'SOON' }])
      })

      test('is forgotten, set anew and called otherwise by later steps', async () => {
        const row = await begun()
        await setTimers(row, { GONE: 1_000, AGAIN: 1_000, OLD: 1_000 })
        await step(row, {
          timers: { set: [{ timerId: 'AGAIN', delayMs: 9_000 }], cancel: ['GONE'], rename: { OLD: 'NEW' } },
        })
        await subject.passTime(2_000)
        expect(await due()).toEqual(['NEW'])
        await subject.passTime(8_000)
        expect((await due()).sort()).toEqual(['AGAIN', 'NEW'])
      })

      test('that could not be fired is set back, longer each time', async () => {
        const row = await begun()
        const timer = { id: row.id, timerId: 'PATIENCE' }
        await setTimers(row, { PATIENCE: 1_000 })
        expect(await a.postponeTimer(timer)).toBe(0)
        await subject.passTime(1_000)
        expect([await a.postponeTimer(timer), await due()]).toEqual([1, []])
        await subject.passTime(1_001)
        expect([await due(), await b.postponeTimer(timer)]).toEqual([['PATIENCE'], 2])
        await subject.passTime(1_001)
        expect(await due()).toEqual([])
        await subject.passTime(1_000)
        expect(await due()).toEqual(['PATIENCE'])
      })
    })

    describe('a hand-over', () => {
      test('is a step of another node: the call counts as its own', async () => {
        const row = await begun()
        expect([await a.countLive(NODE_A), await a.countLive(NODE_B)]).toEqual([1, 0])
        await step(row, {}, { store: b, nodeId: NODE_B })
        expect([await b.countLive(NODE_A), await b.countLive(NODE_B)]).toEqual([0, 1])
        await step(row, { end: END }, { nodeId: NODE_B })
        expect(await a.countLive(NODE_B)).toBe(0)
      })

      test('of an event to whoever knows more waits, is taken or changes nothing', async () => {
        const row = await begun()
        const event = { id: row.id, eventId: 'e1', key: `deliver:${row.id}` }
        expect(await a.fateOf(event)).toBe('ignored')
        await a.enqueue({ ...JOB, key: event.key })
        expect(await b.fateOf(event)).toBe('waiting')
        await step(row, {}, { delivery: { eventId: 'e1' } })
        expect(await b.fateOf(event)).toBe('taken')
      })

      test('of a clone reaches the live calls that wait for these samples', async () => {
        await subject.know('+15550100001', 'samples-1')
        const [row, over] = [await begun({ from: '+15550100001' }), await begun({ from: '+15550100001' })]
        await begun()
        await step(over, { end: END })
        expect(await b.liveCallsWith('samples-1')).toEqual([row.id])
      })
    })
  })
}
