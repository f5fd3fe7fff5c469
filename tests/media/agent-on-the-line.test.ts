import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { delayOf } from '../../src/actors/timer-id.ts'
import { timersIn } from '../../src/model/timers.ts'
import { Relay } from './relay.ts'

/** 20 ms of sound, as base64: recognisable by its number. */
const frame = (number: number) => Buffer.alloc(160, number % 256).toString('base64')
const SECOND = Buffer.alloc(8000, 0x55).toString('base64')

let relay: Relay
beforeEach(async () => {
  relay = await Relay.start()
})
afterEach(() => relay.stop())

const speak = (payload: string) => relay.agent.latest.says.audio(Buffer.from(payload))
const eventTypes = () => relay.calls.events.map(({ type }) => type)

describe('the agent', () => {
  test('is reached again once when it is lost, with the conversation so far; then the stream closes', async () => {
    const carrier = await relay.bridge()
    const [first] = relay.agent.connections
    first?.says.userTranscript('Good morning.')
    first?.says.agentTranscript('Good morning, how can I help?')
    first?.isLost('closed')
    await comesAgain()
    await relay.until(() => expect(relay.agent.connections).toHaveLength(2))
    await relay.until(() => expect(relay.calls.view.bridge).toBe('talking'))
    expect(relay.agent.latest.request.conversationSoFar).toMatchObject([
      { role: 'caller', text: 'Good morning.' },
      { role: 'agent', text: 'Good morning, how can I help?' },
    ])
    carrier.media(frame(1))
    speak(frame(2))
    await relay.until(() => expect(carrier.heard.at(-1)).toEqual(frame(2)))
    expect(relay.agent.latest.heard).toEqual([frame(1)])
    expect(relay.counts.agentReconnects).toBe(1)

    relay.agent.latest.isLost('closed')
    expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
    expect(eventTypes()).toEqual(['agent.ready', 'agent.lost', 'agent.ready', 'agent.lost'])
    expect(relay.calls.view.state).toBe('failed')
  })

  test('that cannot be reached in time ends in the apology', async () => {
    relay.agent.fault = 'refuses'
    const carrier = await relay.connect()
    carrier.start(relay.calls.token)
    await comesAgain()
    await relay.until(() => expect(relay.agent.connections).toHaveLength(2))
    await relay.until(() => expect(relay.calls.view.bridge).toBe('backingOff'))
    relay.calls.tell(timer('AGENT_RECOVERY'))
    expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
    expect(relay.calls.view).toMatchObject({ state: 'failed', context: { endReason: 'agent_unreachable' } })
  })

  test('that hangs is given up when the call says so', async () => {
    relay.agent.fault = 'hangs'
    const carrier = await relay.connect()
    carrier.start(relay.calls.token)
    await relay.until(() => expect(relay.agent.connections).toHaveLength(1))
    relay.agent.fault = null
    relay.calls.tell(timer('AGENT_CONNECT'))
    await comesAgain()
    await relay.until(() => expect(relay.calls.view.bridge).toBe('talking'))
    expect(relay.agent.connections.map(({ closes }) => closes)).toEqual([1, 0])
  })

  test('whose request or connection cannot even be made is lost', async () => {
    relay.calls.fault = 'request'
    relay.agent.fault = 'throws'
    const carrier = await relay.connect()
    carrier.start(relay.calls.token)
    await relay.until(() =>
      expect(relay.calls.events).toContainEqual({
        type: 'agent.lost',
        bridgeNumber: 1,
        connection: 1,
        cause: 'not_asked',
      }),
    )
    relay.calls.fault = null
    await relay.until(() => expect(relay.calls.view.bridge).toBe('backingOff'))
    relay.calls.tell(timer('AGENT_RECOVERY'))
    expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
    expect(relay.calls.view.state).toBe('failed')
  })

  test('closes the stream when the call cannot be told of it', async () => {
    relay.calls.fault = 'send'
    const carrier = await relay.connect()
    carrier.start(relay.calls.token)
    expect(await carrier.whenClosed()).toEqual({ code: 1011, reason: 'the call could not be reached' })
    expect(relay.agent.latest.closes).toBe(1)
  })
})

describe('the last word', () => {
  test('is heard before the stream closes: a mark stands behind it', async () => {
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    speak(SECOND)
    relay.agent.latest.ends()
    await relay.until(() => expect(carrier.marks).toContain('last-word'))
    expect(carrier.received.at(-1)).toMatchObject({ event: 'mark', mark: { name: 'last-word' } })
    expect(relay.calls.view).toMatchObject({ state: 'closing', context: { endReason: 'agent_ended' } })
    relay.clock.advance(900)
    expect(carrier.closed).toBeNull()
    carrier.returnMark('last-word')
    expect(await carrier.whenClosed()).toEqual({ code: 1000, reason: 'the agent has said its last word' })
    expect(eventTypes()).toEqual(['agent.ready', 'agent.ended'])
  })

  test('is waited for no longer than it can last', async () => {
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    for (let second = 0; second < 4; second++) speak(SECOND)
    relay.agent.latest.ends()
    await relay.until(() => expect(carrier.marks).toContain('last-word'))
    relay.clock.advance(5_900)
    expect(carrier.closed).toBeNull()
    relay.clock.advance(500)
    expect(await carrier.whenClosed()).toEqual({ code: 1000, reason: 'the time for the last word is over' })
  })

  test('is cut when the caller hangs up in it', async () => {
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    speak(SECOND)
    relay.agent.latest.ends()
    await relay.until(() => expect(carrier.marks).toContain('last-word'))
    carrier.stop()
    expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
    relay.calls.tell({ type: 'leg.ended', status: 'completed' })
    expect(relay.calls.view.context.endReason).toBe('agent_ended')
  })
})

describe('an interruption', () => {
  test('silences the agent at once', async () => {
    const carrier = await relay.bridge()
    speak(frame(1))
    relay.agent.latest.says.interrupted()
    speak(frame(2))
    await relay.until(() =>
      expect(carrier.received.map(({ event }) => event)).toEqual(['media', 'clear', 'media']),
    )
    expect(relay.bargeIns).toHaveLength(1)
  })

  test('tells how much of the agent’s words was heard, by the clock and the marks', async () => {
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    relay.agent.latest.says.agentTranscript('one two three four five six seven eight nine ten')
    for (let second = 0; second < 4; second++) speak(SECOND)
    relay.clock.advance(1_500)
    await relay.until(() => expect(carrier.marks).toHaveLength(4))
    // The carrier is a second behind the clock, as its mark shows.
    carrier.returnMark(carrier.marks[0] as string)
    carrier.media(frame(1))
    await relay.until(() => expect(relay.agent.latest.heard).toHaveLength(1))
    relay.clock.advance(1_000)
    relay.agent.latest.says.interrupted()
    await relay.until(() =>
      expect(relay.calls.corrections).toEqual([
        ['one two three four five six seven eight nine ten', 'one two three four five'],
      ]),
    )
  })

  test('leaves the agent’s own correction as the last word on it', async () => {
    await relay.bridge()
    const { says } = relay.agent.latest
    says.agentTranscript('First, the weather.')
    speak(SECOND)
    says.agentTranscriptCorrected('First, the weather.', 'First,')
    says.interrupted()
    says.agentTranscript('Second, the sports.')
    speak(SECOND)
    says.interrupted()
    says.agentTranscriptCorrected('Second, the sports.', 'Second, the')
    await relay.until(() =>
      expect(relay.calls.corrections).toEqual([
        ['First, the weather.', 'First,'],
        ['Second, the sports.', ''],
        ['Second, the sports.', 'Second, the'],
      ]),
    )
  })

  test('of an agent that was heard to its end corrects nothing', async () => {
    const carrier = await relay.bridge()
    relay.agent.latest.says.agentTranscript('Bye.')
    speak(SECOND)
    await relay.until(() => expect(carrier.marks).toHaveLength(1))
    relay.clock.advance(2_000)
    relay.agent.latest.says.interrupted()
    await relay.until(() => expect(carrier.count('clear')).toBe(1))
    expect(relay.calls.corrections).toEqual([])
  })
})

/** The agent was lost, and the pause before the next try is over. */
async function comesAgain(): Promise<void> {
  await relay.until(() => expect(relay.calls.view.bridge).toBe('backingOff'))
  relay.calls.tell(timer('AGENT_PAUSE'))
}

/** The chart's own timer of this name in the state that the call is in. */
function timer(delay: string) {
  const found = timersIn(relay.calls.snapshot).find(({ type }) => delayOf(type) === delay)
  if (found === undefined) throw new Error(`No ${delay} runs in ${relay.calls.view.state}.`)
  return found
}
