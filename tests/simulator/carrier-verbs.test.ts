import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { writeMuLawWav, writePcmWav } from '../../src/audio/wav.ts'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import type { Speech } from '../../src/simulator/carrier/verbs.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import {
  CALLER,
  entriesOf,
  type ServiceDouble,
  startServiceDouble,
  startTestCarrier,
  twiml,
  until,
} from './service-double.ts'

let service: ServiceDouble
let carrier: Carrier
const spoken: Speech[] = []
/** 200 ms that cannot be taken for silence. */
const sound = Buffer.from(Array.from({ length: 1600 }, (_, i) => 1 + (i % 120)))

beforeEach(async () => {
  spoken.length = 0
  service = await startServiceDouble()
  carrier = await startTestCarrier(service, {
    speak: async (speech) => {
      spoken.push(speech)
      return sound
    },
  })
})

afterEach(async () => {
  await carrier.stop()
  await service.stop()
})

/** What a caller hears of this document; `sounding` is that without the silence. */
async function hear(body: string) {
  service.on('/voice', () => twiml(body))
  const caller = new ScriptedCaller()
  const call = carrier.call({ from: CALLER, caller })
  await call.ended
  const heard = caller.heard
  const sounding = heard.filter((byte) => byte !== 0xff)
  return { call, heard, sounding }
}

describe('verbs', () => {
  test('Say speaks in the voice that is asked for, as often as it is asked to', async () => {
    const { sounding } = await hear('<Say voice="Polly.Amy" language="en-GB" loop="2">Hello</Say>')
    expect(spoken).toEqual([{ text: 'Hello', voice: 'Polly.Amy', language: 'en-GB' }])
    expect(Buffer.from(sounding)).toEqual(Buffer.concat([sound, sound]))
  })

  test('Play plays mu-law without a header, and WAV of mu-law, untouched', async () => {
    service.on('/raw', () => ({ type: 'audio/ulaw', body: sound }))
    service.on('/wav', () => ({ type: 'audio/wav; charset=binary', body: writeMuLawWav(sound) }))
    const { sounding } = await hear('<Play>/raw</Play><Play>/wav</Play>')
    expect(Buffer.from(sounding)).toEqual(Buffer.concat([sound, sound]))
  })

  test('Play converts other WAV files and follows redirects', async () => {
    service.on('/here', () => ({ status: 302, headers: { Location: '/there' } }))
    const samples = decodeMuLaw(sound)
    service.on('/there', () => ({ type: 'audio/x-wav', body: writePcmWav({ samples, rate: 8000 }) }))
    const { sounding } = await hear('<Play>/here</Play>')
    expect(Buffer.from(sounding)).toEqual(sound)
  })

  test('Play loops until the caller hangs up', async () => {
    service.on('/loop', () => ({ type: 'audio/basic', body: sound }))
    service.on('/voice', () => twiml('<Play loop="0">/loop</Play>'))
    const caller = new ScriptedCaller()
    const call = carrier.call({ from: CALLER, caller })
    await expect.poll(() => caller.heard.length).toBeGreaterThan(sound.length * 2)
    call.hangUp()
    await call.ended
    expect(entriesOf(call, 'ended')).toMatchObject([{ by: 'caller', status: 'completed' }])
  })

  test.each([
    ['what is no audio', { type: 'text/html', body: '<p>' }],
    ['a damaged WAV', { type: 'audio/wav', body: 'RIFF' }],
  ])('Play of %s is error 12300', async (_, answer) => {
    service.on('/file', () => answer)
    const { call } = await hear('<Play>/file</Play>')
    expect(entriesOf(call, 'error')).toMatchObject([{ code: 12300 }])
  })

  test('Play of MP3 warns and goes on, for Twilio would play it', async () => {
    service.on('/song', () => ({ type: 'audio/mpeg', body: 'ID3' }))
    const { call } = await hear('<Play>/song</Play><Hangup/>')
    expect(entriesOf(call, 'warning')[0]?.message).toMatch(/does not decode audio\/mpeg/)
    expect(entriesOf(call, 'ended')).toMatchObject([{ by: 'service' }])
  })

  test('Pause is silence of its length', async () => {
    const { heard } = await hear('<Say>a</Say><Pause length="2"/><Say>b</Say>')
    const from = heard.indexOf(sound) + sound.length
    const silence = heard.subarray(from, heard.indexOf(sound, from))
    expect(silence.every((byte) => byte === 0xff)).toBe(true)
    expect(Math.abs(silence.length - 16_000)).toBeLessThan(4000)
  })

  test('Hangup ends the call there', async () => {
    const { call } = await hear('<Hangup/><Say>never</Say>')
    expect(spoken).toEqual([])
    expect(call.status).toBe('completed')
  })

  test.each([
    ['<Reject/>', 'no-answer'],
    ['<Reject reason="busy"/>', 'busy'],
  ])('%s ends it unanswered', async (body, status) => {
    const { call } = await hear(body)
    expect(call.status).toBe(status)
    expect(entriesOf(call, 'answered')).toEqual([])
  })

  test('a hang-up while it rings ends it unanswered', async () => {
    service.on('/voice', () => new Promise(() => {}))
    const call = carrier.call({ from: CALLER, caller: new ScriptedCaller() })
    await until(call, 'webhook-sent')
    call.hangUp()
    call.hangUp()
    await call.ended
    expect(call.status).toBe('canceled')
    expect(entriesOf(call, 'ended').length).toBe(1)
  })
})
