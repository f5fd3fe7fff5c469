import { describe, expect, test } from 'vitest'
import type { AnyMachineSnapshot, AnyStateNode } from 'xstate'
import { getStateNodes } from 'xstate/graph'
import { callSystem } from '../../machines/call/call-system.ts'
import { MAX_JOINS } from '../../machines/call/leg.machine.ts'
import { isMessage } from '../../machines/call/messages.ts'
import type { LegEndStatus } from '../../machines/call-events.ts'
import { delayOf } from '../../src/actors/timer-id.ts'
import {
  type AnyEvent,
  begin,
  type CallSnapshot,
  feed,
  INPUTS,
  LIMITS,
  outsideEvents,
  placeOf,
} from '../../src/model/call-model.ts'
import {
  contextOf,
  DELAYS,
  EVENTS,
  LEADING_TO,
  led,
  passing,
  rowOf,
  type SettledVoice,
  told,
} from './call-rows.ts'
import { CALL_TABLE } from './call-table.ts'

const SETTLED_VOICES: SettledVoice[] = ['cached', 'cloned', 'default']

/** No call rests here: each is left in the step that entered it. */
const PASSED_THROUGH = [
  'voice.lookup',
  'call.admitting',
  'call.polling',
  'leg.bridgingAgain',
  'conversation.live.deciding',
  'conversation.live.agentGone',
]

const rowNames = Object.keys(LEADING_TO)

const startsOf = (row: string): CallSnapshot[] =>
  SETTLED_VOICES.map((voice) => LEADING_TO[row]?.(voice) ?? null).filter((snapshot) => snapshot !== null)

describe.each(rowNames)('%s', (row) => {
  test('is where the row begins', () => {
    const [leg, meanwhile = ''] = row.split(' while ')
    for (const snapshot of startsOf(row)) {
      expect(placeOf(snapshot).leg).toBe(leg)
      expect(placeOf(snapshot).voice === 'cloning').toBe(meanwhile.includes('cloning'))
    }
  })

  test('does with every event and timer what the table says, whatever voice is settled', () => {
    for (const snapshot of startsOf(row)) expect(rowOf(snapshot)).toEqual(CALL_TABLE[row])
  })

  test('ignores what is said about any bridge but its own', () => {
    for (const snapshot of startsOf(row)) {
      for (const event of eventsAboutOtherBridges(snapshot)) {
        expect(told(snapshot, feed(snapshot, event)), JSON.stringify(event)).toBe('ignored')
      }
    }
  })
})

function eventsAboutOtherBridges(snapshot: CallSnapshot): AnyEvent[] {
  const { bridgeNumber } = contextOf(snapshot)
  return outsideEvents(snapshot)
    .filter((event) => 'bridgeNumber' in event)
    .flatMap((event) =>
      [bridgeNumber - 1, bridgeNumber + 1].map((other) => ({ ...event, bridgeNumber: other })),
    )
}

describe('the table', () => {
  test('has every place in which a call can rest', () => {
    const rested = new Set(
      rowNames.flatMap(startsOf).flatMap(({ machines }) => Object.values(machines).flatMap(restingIn)),
    )
    expect([...rested, ...PASSED_THROUGH].sort()).toEqual(atomicPlaces().sort())
  })

  test('has every event that the chart takes', () => {
    const taken = Object.values(callSystem.machines)
      .flatMap(({ events }): string[] => events)
      .filter((type) => delayOf(type) === null && !isMessage(type))
    const tabled = Object.values(EVENTS).map(
      (send) => send(contextOf(begin(INPUTS['cached voice']).snapshot)).type,
    )
    expect([...new Set<string>(tabled)].sort()).toEqual([...taken].sort())
  })

  test('has every delay of the chart, and each runs out somewhere', () => {
    for (const delay of DELAYS) {
      expect(
        rowNames.some((row) => CALL_TABLE[row]?.[delay] !== 'ignored'),
        delay,
      ).toBe(true)
    }
  })
})

const restingIn = ({ _nodes }: AnyMachineSnapshot): string[] =>
  _nodes.filter(({ type }) => type === 'atomic' || type === 'final').map(({ id }) => id)

/** Leaves of the machines, by their ids. */
const atomicPlaces = (): string[] =>
  Object.values(callSystem.machines).flatMap(({ root }) =>
    getStateNodes(root as AnyStateNode)
      .filter(({ type }) => type === 'atomic' || type === 'final')
      .map(({ id }) => id),
  )

describe('the edges of the guards', () => {
  const bridge = (snapshot: CallSnapshot) => led(snapshot, 'media.joined', 'agent.ready')
  const joining = () => LEADING_TO.joining?.('default') as CallSnapshot

  test('a stream that breaks is bridged again until the last bridge, and then the call fails', () => {
    let call = bridge(joining())
    for (let bridgeNumber = 2; bridgeNumber <= MAX_JOINS; bridgeNumber += 1) {
      call = led(call, 'leg.streamEnded')
      expect(placeOf(call).leg).toBe('joining')
      expect(contextOf(call).bridgeNumber).toBe(bridgeNumber)
      call = bridge(call)
    }
    for (const last of [call, led(call, 'media.lost, announced'), led(call, 'media.lost, broken')]) {
      const failed = led(last, 'leg.streamEnded')
      expect(placeOf(failed).leg).toBe('failed')
      expect(contextOf(failed)).toMatchObject({ bridgeNumber: MAX_JOINS, endReason: 'media_lost' })
    }
  })

  test('an agent is brought back once, in whatever bridge, until it has talked for a while', () => {
    const reached = passing(led(bridge(joining()), 'agent.lost'), 'AGENT_PAUSE')
    const broughtBack = led(reached, 'agent.ready')
    expect(placeOf(broughtBack).leg).toBe('bridged.talking')
    const bridgedAgain = bridge(led(broughtBack, 'leg.streamEnded'))
    for (const call of [broughtBack, bridgedAgain]) {
      const failed = led(call, 'agent.lost')
      expect(placeOf(failed).leg).toBe('failed')
      expect(contextOf(failed).endReason).toBe('agent_lost')
    }
    const steady = passing(bridgedAgain, 'AGENT_STEADY')
    expect(placeOf(led(steady, 'agent.lost')).leg).toBe('bridged.backingOff')
  })

  test('an agent that is not there is tried again after pauses that grow, until its time is over', () => {
    const pauses: unknown[] = []
    let call = led(joining(), 'media.joined', 'agent.lost')
    for (let tries = 0; tries < 5; tries++) {
      call = passing(call, 'AGENT_PAUSE')
      expect(placeOf(call).leg).toBe('bridged.reconnecting')
      const { snapshot, actions } = feed(call, EVENTS['agent.lost'](contextOf(call)))
      const started = actions.map(({ params }) => params as { id?: string; delay?: number })
      pauses.push(started.find(({ id }) => id?.includes('AGENT_PAUSE'))?.delay)
      call = snapshot
    }
    const [, second, last] = LIMITS.agentPausesMs
    expect(pauses).toEqual([second, last, last, last, last])
    expect(placeOf(passing(call, 'AGENT_RECOVERY')).leg).toBe('failed')
  })

  test('an agent that would be refused again is not tried again', () => {
    for (const call of [led(joining(), 'media.joined'), bridge(joining())]) {
      const lost = { ...EVENTS['agent.lost'](contextOf(call)), isPermanent: true }
      expect(placeOf(feed(call, lost).snapshot).leg).toBe('failed')
    }
  })

  test('a late word about an earlier connection says nothing about the present one', () => {
    const again = passing(led(joining(), 'media.joined', 'agent.lost'), 'AGENT_PAUSE')
    const { bridgeNumber, agentConnection } = contextOf(again)
    expect(agentConnection).toBe(2)
    const about = { bridgeNumber, connection: agentConnection - 1 }
    for (const late of [
      { type: 'agent.lost', cause: 'closed', ...about },
      { type: 'agent.ready', conversationId: 'talk-1', ...about },
      { type: 'agent.ended', ...about },
    ] as const)
      expect(told(again, feed(again, late)), late.type).toBe('ignored')
  })

  test('an agent that dropped a conversation is lost, one that never spoke is unreachable', () => {
    const dropped = passing(led(bridge(joining()), 'agent.lost'), 'AGENT_RECOVERY')
    expect(contextOf(dropped).endReason).toBe('agent_lost')
    const silent = passing(led(joining(), 'media.joined', 'agent.lost'), 'AGENT_RECOVERY')
    expect(contextOf(silent).endReason).toBe('agent_unreachable')
  })

  test('a refused voice gives way to the default one, and a clone that is gone is forgotten', () => {
    const connecting = led(LEADING_TO.joining?.('cached') as CallSnapshot, 'media.joined')
    const { bridgeNumber, agentConnection: connection } = contextOf(connecting)
    const refused = { type: 'agent.overrideRefused', override: 'voice', bridgeNumber, connection } as const
    const notAllowed = feed(connecting, { ...refused, voiceId: null, isGone: false })
    expect(told(connecting, notAllowed)).toBe('bridged.connecting; voice default; voiceId null')
    const gone = feed(connecting, { ...refused, voiceId: 'house-voice', isGone: true })
    expect(told(connecting, gone)).toBe(
      'bridged.connecting; voice default; voiceId house-voice: forgetVoice sample-1 cached-voice',
    )
  })

  test('the end of a stream is believed when the carrier cannot say which stream it was', () => {
    const call = bridge(joining())
    const { snapshot } = feed(call, { type: 'leg.streamEnded' })
    expect(placeOf(snapshot).leg).toBe('joining')
    expect(contextOf(snapshot).bridgeNumber).toBe(2)
  })

  test('who is turned away hears that lines are busy, and no voice is cloned', () => {
    for (const admission of ['capacity_full', 'draining'] as const) {
      const { snapshot, actions } = begin({ ...INPUTS['voice to clone'], admission })
      expect(placeOf(snapshot)).toEqual({ leg: 'rejected', voice: 'default' })
      expect(actions.map(({ type }) => type)).not.toContain('requestClone')
      expect(led(snapshot, 'leg.ended').output).toEqual({ reason: admission, fault: 'service' })
    }
  })

  test.each([
    ['completed', 'caller_hung_up'],
    ['canceled', 'caller_hung_up'],
    ['busy', 'caller_busy'],
    ['no-answer', 'caller_no_answer'],
    ['failed', 'carrier_failed'],
    ['media-server-lost', 'media_server_lost'],
    ['signalling-lost', 'signalling_lost'],
    ['holder-lost', 'leg_holder_lost'],
  ] as const satisfies [LegEndStatus, string][])(
    'a leg that ended as %s ends the call as %s',
    (status, reason) => {
      const { snapshot } = feed(joining(), { type: 'leg.ended', status })
      expect(snapshot.output?.reason).toBe(reason)
    },
  )

  test('the first reason for an end is kept', () => {
    const closing = led(joining(), 'operator.hangupRequested')
    const { snapshot } = feed(closing, { type: 'leg.ended', status: 'failed' })
    expect(snapshot.output?.reason).toBe('operator_hung_up')
  })
})

describe('what a call begins with', () => {
  const asked = (name: keyof typeof INPUTS) => {
    const step = begin(INPUTS[name])
    return told(step.snapshot, step)
  }

  test('a clone is asked for at once, and its wait is bounded', () => {
    expect(asked('voice to clone')).toBe(
      'greeting: requestClone sample-1, start CALL_MAX, start CLONE_MAX_WAIT, start GREETING_OVERDUE, start LEG_PATIENCE',
    )
  })

  test('a known voice asks for nothing', () => {
    expect(asked('cached voice')).toBe('greeting: start CALL_MAX, start GREETING_OVERDUE, start LEG_PATIENCE')
    expect(asked('default voice')).toBe(
      'greeting: start CALL_MAX, start GREETING_OVERDUE, start LEG_PATIENCE',
    )
  })

  test('who is turned away has the time of a farewell', () => {
    expect(asked('no capacity')).toBe(
      'rejected: start CALL_MAX, start FAREWELL, start LEG_PATIENCE, stop LEG_PATIENCE',
    )
  })

  test.each([
    ['cached voice', 'cached-voice'],
    ['default voice', 'house-voice'],
    ['voice to clone', 'house-voice'],
  ] as const)('%s: the agent would speak as %s', (name, voiceId) => {
    expect(contextOf(begin(INPUTS[name]).snapshot).voiceId).toBe(voiceId)
  })
})
