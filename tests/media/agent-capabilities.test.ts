import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { tone } from '../support/tones.ts'
import type { Carrier } from './carrier.ts'
import { Relay } from './relay.ts'

/*
 * What the relay does otherwise where a backend can do less, or more.
 */

let relay: Relay
beforeEach(async () => {
  relay = await Relay.start()
})
afterEach(() => relay.stop())

const SECOND = Buffer.from(Buffer.alloc(8000, 0xff).toString('base64'))
const speak = () => relay.agent.latest.says.audio(SECOND)

/** So many milliseconds of the caller, in frames of 20. */
function say(carrier: Carrier, ms: number, isLoud: boolean): void {
  const samples = isLoud ? tone(400, 8000, { ms }) : new Int16Array(ms * 8)
  for (let at = 0; at < samples.length; at += 160)
    carrier.media(encodeMuLaw(samples.subarray(at, at + 160)).toString('base64'))
}

const heard = (frames: number) =>
  relay.until(() => expect(relay.agent.latest.heard.length).toBeGreaterThanOrEqual(frames))

describe('an agent that does not say when the caller speaks over it', () => {
  beforeEach(() => {
    relay.agent.capabilities = { ...relay.agent.capabilities, interrupt: false }
  })

  test('is interrupted by the caller’s voice, once in each utterance', async () => {
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    relay.agent.latest.says.agentTranscript('one two three four')
    speak()
    say(carrier, 100, true)
    await heard(5)
    expect(carrier.count('clear')).toBe(0)
    say(carrier, 1_000, true)
    await heard(55)
    await relay.until(() => expect(carrier.count('clear')).toBe(1))
    expect(relay.calls.corrections).toHaveLength(1)

    say(carrier, 200, false)
    say(carrier, 400, true)
    await heard(85)
    expect(carrier.count('clear')).toBe(1)
    speak()
    say(carrier, 600, false)
    say(carrier, 400, true)
    await relay.until(() => expect(carrier.count('clear')).toBe(2))
  })

  test('is not interrupted where it says nothing', async () => {
    const carrier = await relay.bridge()
    speak()
    await relay.until(() => expect(carrier.marks).toHaveLength(1))
    relay.clock.advance(2_000)
    say(carrier, 1_000, true)
    await heard(50)
    expect(carrier.count('clear')).toBe(0)
    expect(relay.bargeIns).toEqual([])
  })

  test('speaks on through a click, and through silence', async () => {
    const carrier = await relay.bridge()
    speak()
    for (let click = 0; click < 5; click++) {
      say(carrier, 60, true)
      say(carrier, 200, false)
    }
    await heard(65)
    expect(carrier.count('clear')).toBe(0)
  })
})

test('an agent that does say it is not interrupted by loudness', async () => {
  const carrier = await relay.bridge()
  speak()
  say(carrier, 1_000, true)
  await heard(50)
  expect(carrier.count('clear')).toBe(0)
})

describe('an agent that is to be told what was heard', () => {
  test('learns with each interruption how much was not', async () => {
    relay.agent.capabilities = { ...relay.agent.capabilities, truncate: true }
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    speak()
    speak()
    relay.clock.advance(500)
    relay.agent.latest.says.interrupted()
    relay.agent.latest.says.interrupted()
    expect(relay.agent.latest.unheard).toEqual([1_500, 0])
  })

  test('is the only one that is told', async () => {
    await relay.bridge()
    speak()
    relay.agent.latest.says.interrupted()
    expect(relay.agent.latest.unheard).toEqual([])
  })
})

test('an agent that takes no text is told neither of keys nor of hold', async () => {
  relay.agent.capabilities = { ...relay.agent.capabilities, textInput: false }
  const carrier = await relay.bridge()
  carrier.send('dtmf', { dtmf: { digit: '#' } })
  say(carrier, 20, false)
  await heard(1)
  relay.clock.advance(2_000)
  expect(relay.agent.latest.keyedIn).toEqual([])
  expect(relay.agent.latest.holds).toEqual([])
})
