import { describe, expect, test } from 'vitest'
import { type AnyActorRef, assign, createMachine, initialTransition, sendTo, setup, transition } from 'xstate'
import { effectsOf, timersAwaited, timersOfStep } from '../../src/actors/actor-step.ts'
import { inertBeginning, inertTransition } from '../../src/actors/inert-transition.ts'
import {
  beginSystem,
  EndlessTalk,
  type MachineSystem,
  type SystemStep,
  stepSystem,
  systemOf,
} from '../../src/actors/machine-system.ts'
import { restoreSystem, saveSystem } from '../../src/actors/saved-system.ts'
import { delayOf, isTimer, timersOf } from '../../src/actors/timer-id.ts'

/*
 * What steps machines is tried with machines that have nothing to do with calls: a lift with two doors, which closes both before it
 * goes, and is out of order for good when one of them stays open.
 */

const to = (address: string) => () => ({ address, sessionId: address, _send() {} }) as unknown as AnyActorRef
const tell = (address: string, type: string) =>
  // biome-ignore lint/suspicious/noExplicitAny: machines of any kind say it.
  sendTo<any, any, undefined, AnyActorRef, any, any, any>(to(address), { type })

const doorMachine = setup({
  types: {} as { input: { stuck?: string }; context: { isStuck: boolean }; events: { type: string } },
  delays: { CLOSING: 2_000 },
  guards: { isStuck: ({ context }) => context.isStuck },
  actions: { soundBuzzer: (_, _params: { loud: boolean }) => {} },
}).createMachine({
  id: 'door',
  context: ({ input }) => ({ isStuck: input.stuck === 'front' }),
  initial: 'open',
  states: {
    open: {
      on: { 'lift.close': { target: 'closing', actions: { type: 'soundBuzzer', params: { loud: false } } } },
    },
    closing: {
      after: {
        CLOSING: [
          { guard: 'isStuck', target: 'open', actions: tell('lift', 'door.isStuck') },
          { target: 'closed', actions: tell('lift', 'door.isClosed') },
        ],
      },
    },
    closed: { on: { 'lift.open': 'open' } },
  },
})

const liftMachine = setup({
  types: {} as { context: { closed: number }; output: { reason: string }; events: { type: string } },
  guards: { bothAreClosed: ({ context }) => context.closed === 2 },
}).createMachine({
  id: 'lift',
  context: { closed: 0 },
  initial: 'waiting',
  output: { reason: 'stuck' },
  states: {
    waiting: {
      on: { call: { target: 'leaving', actions: [tell('front', 'lift.close'), tell('rear', 'lift.close')] } },
    },
    leaving: {
      on: {
        'door.isClosed': { actions: assign({ closed: ({ context }) => context.closed + 1 }) },
        'door.isStuck': 'outOfOrder',
      },
      always: { guard: 'bothAreClosed', target: 'going' },
    },
    going: {
      entry: assign({ closed: 0 }),
      on: {
        arrived: { target: 'waiting', actions: [tell('front', 'lift.open'), tell('rear', 'lift.open')] },
      },
    },
    outOfOrder: { type: 'final' },
  },
})

const lift = {
  id: 'lift-system',
  version: '1',
  main: 'lift',
  machines: { lift: liftMachine, front: doorMachine, rear: doorMachine },
  addressOf: ({ type }: { type: string }) => (type.startsWith('stairs.') ? null : 'lift'),
} as const satisfies MachineSystem

const values = ({ snapshot: { machines } }: SystemStep<typeof lift>) => [
  machines.lift.value,
  machines.front.value,
  machines.rear.value,
]
const heard = (step: SystemStep<typeof lift>, ...types: string[]) =>
  types.reduce((now, type) => stepSystem(lift, now.snapshot, { type }), step)
const timersSet = ({ actions }: SystemStep<typeof lift>) =>
  actions.flatMap(({ type, params }) => (type === 'xstate.raise' ? [(params as { id: string }).id] : []))

const FRONT_CLOSES = 'front xstate.after.CLOSING.door.closing'
const REAR_CLOSES = 'rear xstate.after.CLOSING.door.closing'

describe('a system of machines', () => {
  test('begins with all of them, and is as far as its main one', () => {
    const { snapshot, delivered } = beginSystem(lift, {})
    expect(values({ snapshot } as SystemStep<typeof lift>)).toEqual(['waiting', 'open', 'open'])
    expect(snapshot.status).toBe('active')
    expect(delivered.map((each) => each.to)).toEqual(['lift', 'front', 'rear'])
  })

  test('is not moved by what is for none of them', () => {
    const before = beginSystem(lift, {})
    expect(stepSystem(lift, before.snapshot, { type: 'stairs.call' })).toEqual({
      snapshot: before.snapshot,
      actions: [],
      delivered: [],
    })
  })

  test('delivers what one says to another within the step, and lists what is asked of the world', () => {
    const called = heard(beginSystem(lift, {}), 'call')
    expect(values(called)).toEqual(['leaving', 'closing', 'closing'])
    expect(called.delivered.map(({ to: address, event }) => `${address} ${event.type}`)).toEqual([
      'lift call',
      'front lift.close',
      'rear lift.close',
    ])
    const asked = called.actions.filter(({ type }) => !type.startsWith('xstate.'))
    expect(asked).toMatchObject([
      { type: 'soundBuzzer', params: { loud: false } },
      { type: 'soundBuzzer', params: { loud: false } },
    ])
  })

  test('tells the timers of two machines of a kind apart by their addresses', () => {
    const called = heard(beginSystem(lift, {}), 'call')
    expect(timersSet(called)).toEqual([FRONT_CLOSES, REAR_CLOSES])
    expect(timersOf('rear', called.snapshot.machines.rear)).toEqual([{ type: REAR_CLOSES }])
    expect([isTimer({ type: REAR_CLOSES }), delayOf(REAR_CLOSES)]).toEqual([true, 'CLOSING'])
    const halfway = heard(called, REAR_CLOSES)
    expect(values(halfway)).toEqual(['leaving', 'closing', 'closed'])
    const gone = heard(halfway, FRONT_CLOSES)
    expect(values(gone)).toEqual(['going', 'closed', 'closed'])
    expect(values(heard(gone, 'arrived'))).toEqual(['waiting', 'open', 'open'])
  })

  test('ends with its main machine, and then hears nothing more', () => {
    const stuck = heard(beginSystem(lift, { stuck: 'front' }), 'call', FRONT_CLOSES)
    expect(stuck.snapshot).toMatchObject({ status: 'done', output: { reason: 'stuck' } })
    expect(heard(stuck, REAR_CLOSES)).toEqual({ snapshot: stuck.snapshot, actions: [], delivered: [] })
  })

  test('goes on alike after it was saved as JSON and restored, its timers where they were', () => {
    const called = heard(beginSystem(lift, {}), 'call')
    const saved = JSON.parse(JSON.stringify(saveSystem(called.snapshot)))
    expect(saved).toMatchObject({
      status: 'active',
      value: { lift: 'leaving', front: 'closing', rear: 'closing' },
    })
    const restored = restoreSystem(lift, saved)
    if (!restored) throw new Error('It cannot be restored.')
    const again = { snapshot: restored, actions: [], delivered: [] }
    expect(values(heard(again, REAR_CLOSES, FRONT_CLOSES))).toEqual(['going', 'closed', 'closed'])
    expect(timersAwaited(restored)).toEqual([
      { delay: 'CLOSING', delayMs: 2_000, timerId: FRONT_CLOSES },
      { delay: 'CLOSING', delayMs: 2_000, timerId: REAR_CLOSES },
    ])
    expect(restoreSystem(lift, { ...saved, value: { ...saved.value, front: 'ajar' } })).toBeNull()
  })

  test('is committed with its timers and with what it asks of the world', () => {
    const called = heard(beginSystem(lift, {}), 'call')
    expect(timersOfStep(called).set).toEqual([
      { timerId: FRONT_CLOSES, delayMs: 2_000 },
      { timerId: REAR_CLOSES, delayMs: 2_000 },
    ])
    expect(effectsOf(called)).toEqual([
      { type: 'soundBuzzer', params: { loud: false } },
      { type: 'soundBuzzer', params: { loud: false } },
    ])
    expect(timersOfStep(heard(called, REAR_CLOSES))).toEqual({ set: [], cancel: [REAR_CLOSES] })
    const stuck = heard(beginSystem(lift, { stuck: 'front' }), 'call', FRONT_CLOSES)
    expect(timersOfStep(stuck)).toEqual({ set: [], cancel: [] })
  })

  test('is the very same after what changes nothing', () => {
    const begun = beginSystem(lift, {})
    expect(heard(begun, 'arrived').snapshot).toBe(begun.snapshot)
  })

  test('says which address it does not have', () => {
    const { snapshot } = beginSystem(lift, {})
    const lost: MachineSystem = { ...lift, addressOf: () => 'cellar' }
    expect(() => stepSystem<MachineSystem>(lost, snapshot, { type: 'call' })).toThrow(
      'lift-system has no machine cellar, only lift, front, rear.',
    )
    expect(() => stepSystem(lift, snapshot, { type: 'xstate.after.CLOSING.cellar.open' })).toThrow(
      'No machine of this system waits for the timer xstate.after.CLOSING.cellar.open.',
    )
  })

  test('that talks in a circle is stopped, and says of what', () => {
    const echo = (id: string, other: string) =>
      createMachine({ id, on: { hello: { actions: tell(other, 'hello') } } })
    const system = {
      id: 'echoes',
      version: null,
      main: 'a',
      addressOf: () => 'a',
      machines: { a: echo('a', 'b'), b: echo('b', 'a') },
    }
    const { snapshot } = beginSystem(system, undefined)
    expect(() => stepSystem(system, snapshot, { type: 'hello' })).toThrow(EndlessTalk)
    expect(() => stepSystem(system, snapshot, { type: 'hello' })).toThrow(
      'The machines of echoes say more than 50 things in one step; the next is hello to b.',
    )
  })

  test('fails with the machine that fails', () => {
    const machine = createMachine({
      id: 'fragile',
      context: () => {
        throw new Error('It fell.')
      },
    })
    expect(beginSystem(systemOf(machine), undefined).snapshot).toMatchObject({
      status: 'error',
      error: new Error('It fell.'),
    })
  })
})

test('a step is what XState’s own transition makes of it', () => {
  const plain = ([snapshot, actions]: readonly [object, readonly { type: string; params?: unknown }[]]) =>
    JSON.parse(JSON.stringify([snapshot, actions.map(({ type, params }) => ({ type, params }))]))
  const begun = inertBeginning(doorMachine, {})
  expect(plain(begun)).toEqual(plain(initialTransition(doorMachine, {})))
  const close = { type: 'lift.close' }
  expect(plain(inertTransition(doorMachine, begun[0], close))).toEqual(
    plain(transition(doorMachine, begun[0] as Parameters<typeof transition>[1] as never, close)),
  )
})
