import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WireAudio } from '../../src/audio/audio-format.ts'
import { linearBytes, linearSamples } from '../../src/audio/linear.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { heardAt, tone } from '../support/tones.ts'
import type { Carrier } from './carrier.ts'
import { TELEPHONE } from './fake-agent.ts'
import { Relay } from './relay.ts'

const l16 = (rate: number): WireAudio => ({ encoding: 'l16', rate, wire: 'base64' })
const base64 = (bytes: Buffer) => bytes.toString('base64')

let relay: Relay
beforeEach(async () => {
  relay = await Relay.start()
})
afterEach(() => relay.stop())

const speak = (bytes: Buffer) => relay.agent.latest.says.audio(Buffer.from(base64(bytes)))
const heardBy = ({ heard }: Carrier) =>
  decodeMuLaw(Buffer.concat(heard.map((payload) => Buffer.from(payload, 'base64'))))

describe('an agent of another format', () => {
  test('hears the caller and is heard, at its own rates', async () => {
    relay.agent.audio = { inputFormat: l16(16_000), outputFormat: l16(24_000) }
    const carrier = await relay.bridge()
    const said = tone(400, 8000, { ms: 400 })
    for (let at = 0; at < said.length; at += 160)
      carrier.media(base64(encodeMuLaw(said.subarray(at, at + 160))))
    await relay.until(() => expect(relay.agent.latest.heard).toHaveLength(20))
    const heard = linearSamples(
      Buffer.concat(relay.agent.latest.heard.map((each) => Buffer.from(each, 'base64'))),
    )
    expect(heard).toHaveLength(6400)
    expect(heardAt(heard.subarray(1600), 400, 16_000).snr).toBeGreaterThan(34)

    speak(linearBytes(tone(400, 24_000, { ms: 400 })))
    await relay.until(() => expect(heardBy(carrier)).toHaveLength(3200))
    expect(heardAt(heardBy(carrier).subarray(800), 400, 8000).snr).toBeGreaterThan(34)
  })

  test('is remembered for carriers that must know it before', async () => {
    relay.agent.audio = { inputFormat: l16(16_000), outputFormat: TELEPHONE }
    await relay.bridge()
    expect(relay.calls.agentAudio).toEqual([['a1', relay.agent.audio]])
  })

  test('has a mark behind each second that it is heard, whatever it took to say it', async () => {
    relay.agent.audio = { inputFormat: TELEPHONE, outputFormat: l16(48_000) }
    const carrier = await relay.bridge()
    for (let quarter = 0; quarter < 6; quarter++) speak(linearBytes(tone(400, 48_000, { ms: 250 })))
    await relay.until(() => expect(carrier.marks).toHaveLength(1))
    expect(carrier.marks).toEqual(['1000'])
  })

  test('that is cut short, has said as many words as there was time for', async () => {
    relay.agent.audio = { inputFormat: TELEPHONE, outputFormat: l16(44_100) }
    const carrier = await relay.bridge()
    carrier.echoesMarks = false
    relay.agent.latest.says.agentTranscript('one two three four')
    speak(linearBytes(tone(400, 44_100, { ms: 2000 })))
    await relay.until(() => expect(heardBy(carrier)).toHaveLength(16_000))
    relay.clock.advance(1000)
    relay.agent.latest.says.interrupted()
    await relay.until(() => expect(relay.calls.corrections).toEqual([['one two three four', 'one two']]))
    expect(carrier.count('clear')).toBe(1)
  })

  test('begins anew after it was cut off in the middle of a sample', async () => {
    relay.agent.audio = { inputFormat: TELEPHONE, outputFormat: l16(8000) }
    const carrier = await relay.bridge()
    const [before, after] = [tone(400, 8000, { ms: 20 }), tone(700, 8000, { ms: 20 })]
    speak(linearBytes(before).subarray(0, 161))
    relay.agent.latest.says.interrupted()
    speak(linearBytes(after))
    await relay.until(() => expect(carrier.heard).toHaveLength(2))
    expect(carrier.heard[1]).toBe(base64(encodeMuLaw(after)))
  })

  test('says nothing to the carrier while there is less than a sample of it', async () => {
    relay.agent.audio = { inputFormat: TELEPHONE, outputFormat: l16(8000) }
    const carrier = await relay.bridge()
    speak(Buffer.of(1))
    speak(Buffer.of(0, 1, 0))
    await relay.until(() => expect(carrier.heard).toEqual([base64(encodeMuLaw(Int16Array.of(1, 1)))]))
  })

  test('may come back with other formats than it went with', async () => {
    relay.agent.audio = { inputFormat: l16(16_000), outputFormat: l16(16_000) }
    const carrier = await relay.bridge()
    relay.agent.audio = { inputFormat: TELEPHONE, outputFormat: TELEPHONE }
    relay.agent.latest.isLost('closed')
    await relay.until(() => expect(relay.calls.view.bridge).toBe('backingOff'))
    relay.calls.tell({ type: 'xstate.after.AGENT_PAUSE.conversation.live.recovering.backingOff' })
    await relay.until(() => expect(relay.agent.connections).toHaveLength(2))
    await relay.until(() => expect(relay.calls.view.bridge).toBe('talking'))
    const frame = base64(encodeMuLaw(tone(400, 8000, { ms: 20 })))
    carrier.media(frame)
    await relay.until(() => expect(relay.agent.latest.heard).toEqual([frame]))
    relay.agent.latest.says.audio(Buffer.from(frame))
    await relay.until(() => expect(carrier.heard.at(-1)).toEqual(frame))
  })

  test('that is slow has as many milliseconds kept for it as any', async () => {
    relay.agent.audio = { inputFormat: l16(48_000), outputFormat: TELEPHONE }
    const carrier = await relay.bridge()
    const { latest } = relay.agent
    latest.bufferedBytes = 10_000_000
    const frame = base64(encodeMuLaw(tone(400, 8000, { ms: 20 })))
    for (let number = 0; number < 200; number++) carrier.media(frame)
    await relay.until(() => expect(relay.counts.callerToAgentFrames).toBe(200))
    // Three seconds wait, the one before them is gone.
    expect(relay.counts.callerToAgentDropped).toBe(50)
    latest.bufferedBytes = 0
    relay.clock.advance(250)
    await relay.until(() => expect(latest.heard).toHaveLength(150))
  })
})
