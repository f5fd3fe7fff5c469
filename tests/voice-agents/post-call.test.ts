import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openPostCall } from '../../src/voice-agents/elevenlabs/post-call.ts'

const SECRET = 'wsec_0123456789'
const NOW_SECONDS = 1_795_255_200
const open = openPostCall(SECRET, () => NOW_SECONDS * 1000)

const REPORT = { type: 'post_call_transcription', data: { conversation_id: 'conv_1', transcript: [] } }
const BODY = JSON.stringify(REPORT)

const digest = (body: string | Buffer, at: number | string, secret = SECRET) =>
  createHmac('sha256', secret).update(`${at}.`).update(body).digest('hex')

const sign = (body: string | Buffer, at: number | string = NOW_SECONDS, secret = SECRET) =>
  `t=${at},v0=${digest(body, at, secret)}`

const RIGHT = digest(BODY, NOW_SECONDS)
const WRONG = digest(BODY, NOW_SECONDS, 'another')

describe('a signature', () => {
  test('as the vendor computes it is known', () => {
    // Computed once with OpenSSL: printf '%s' '1795255200.{"type":"x"}' | openssl dgst -sha256 -hmac wsec_0123456789
    const vector = '30e2e424cc43960944cbdd8ef7d827efbfb4dccd2a9b53874621b26e9d3cb4db'
    expect(open(Buffer.from('{"type":"x"}'), `t=1795255200,v0=${vector}`)).toEqual({ kind: 'ignored' })
  })

  test.each([
    ['of now', sign(BODY)],
    ['of half an hour ago', sign(BODY, NOW_SECONDS - 1_800)],
    ['of half an hour from now, by a clock that is fast', sign(BODY, NOW_SECONDS + 1_800)],
    ['with its parts in another order', `v0=${RIGHT},t=${NOW_SECONDS}`],
    ['with space between its parts', `t=${NOW_SECONDS}, v0=${RIGHT}`],
    ['with a part of a scheme to come', `t=${NOW_SECONDS},v1=${WRONG},v0=${RIGHT}`],
    ['beside that of a secret which is going out of use', `t=${NOW_SECONDS},v0=${WRONG},v0=${RIGHT}`],
    ['beside that of a secret which is coming into use', `t=${NOW_SECONDS},v0=${RIGHT},v0=${WRONG}`],
  ])('%s is taken', (_, header) => {
    expect(open(Buffer.from(BODY), header)).toMatchObject({ kind: 'report' })
  })

  test.each([
    ['that is missing', ''],
    ['that is a word', 'sesame'],
    ['without a time', `v0=${RIGHT}`],
    ['with an empty time', `t=,v0=${RIGHT}`],
    ['with a time that is no number', `t=now,v0=${digest(BODY, 'now')}`],
    ['with a time below zero', sign(BODY, -NOW_SECONDS)],
    ['without a digest', `t=${NOW_SECONDS}`],
    ['with an empty digest', `t=${NOW_SECONDS},v0=`],
    ['of another scheme alone', `t=${NOW_SECONDS},v1=${RIGHT}`],
    ['that is cut short', sign(BODY).slice(0, -2)],
    ['that is too long', `${sign(BODY)}00`],
    ['that is not hex', `t=${NOW_SECONDS},v0=${'z'.repeat(64)}`],
    ['that goes on with something else', `${sign(BODY)}zz`],
    ['of another secret', sign(BODY, NOW_SECONDS, 'another')],
    ['of two other secrets', `t=${NOW_SECONDS},v0=${WRONG},v0=${digest(BODY, NOW_SECONDS, 'third')}`],
    ['of another body', sign('{}')],
    ['of the body alone', `t=${NOW_SECONDS},v0=${createHmac('sha256', SECRET).update(BODY).digest('hex')}`],
    ['of a second more than half an hour ago', sign(BODY, NOW_SECONDS - 1_801)],
    ['of a second more than half an hour from now', sign(BODY, NOW_SECONDS + 1_801)],
    ['with a time that was not signed', sign(BODY).replace(/t=\d+/, `t=${NOW_SECONDS - 1}`)],
    ['with a time that was put before it', `t=${NOW_SECONDS - 1},${sign(BODY)}`],
    ['with ten thousand digests', `t=${NOW_SECONDS}${`,v0=${WRONG}`.repeat(10_000)}`],
  ])('%s is refused', (_, header) => {
    expect(open(Buffer.from(BODY), header)).toMatchObject({ kind: 'refused', why: expect.any(String) })
  })

  test('fits its body to the last byte, whatever is in it', () => {
    const body = fc.uint8Array({ minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(body, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, change) => {
        const header = sign(Buffer.from(bytes))
        expect(open(Buffer.from(bytes), header).kind).not.toBe('refused')
        const altered = Buffer.from(bytes)
        altered[at % altered.length] = (altered[at % altered.length] as number) ^ change
        expect(open(altered, header).kind).toBe('refused')
      }),
    )
  })

  test('is refused without throwing, whatever is in the header', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('t', 'v0', '=', ',', `${NOW_SECONDS}`, RIGHT, WRONG))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const header = parts.join('')
        if (!header.includes(RIGHT)) expect(open(Buffer.from(BODY), header).kind).toBe('refused')
        else open(Buffer.from(BODY), header)
      }),
      { numRuns: 500 },
    )
  })
})

describe('what a delivery brings', () => {
  const delivered = (body: unknown) => {
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
    return open(bytes, sign(bytes))
  }

  test.each<[object, object]>([
    [
      REPORT,
      { kind: 'report', part: { kind: 'transcription', conversationId: 'conv_1', data: REPORT.data } },
    ],
    [
      { type: 'post_call_audio', data: { conversation_id: 'conv_1', full_audio: 'SUQz' } },
      { kind: 'report', part: { kind: 'audio', conversationId: 'conv_1', data: Buffer.from('ID3') } },
    ],
    [
      { type: 'call_initiation_failure', data: { conversation_id: 'conv_1', failure_reason: 'busy' } },
      { kind: 'report', part: { kind: 'failure', conversationId: 'conv_1', data: expect.any(Object) } },
    ],
    [{ type: 'answering_machine_detection', data: {} }, { kind: 'ignored' }],
    [{ type: 'a_type_of_next_year' }, { kind: 'ignored' }],
  ])('%j is read', (body, expected) => {
    expect(delivered(body)).toEqual(expected)
  })

  test.each<[unknown, RegExp]>([
    ['', /JSON/],
    ['<html>', /JSON/],
    [[REPORT], /type/],
    [{ data: {} }, /type/],
    [{ type: 7 }, /type/],
    [{ type: 'post_call_transcription' }, /data/],
    [{ type: 'post_call_transcription', data: { conversation_id: '' } }, /conversation_id/],
    [{ type: 'post_call_audio', data: { conversation_id: 'c', full_audio: 'no base64' } }, /full_audio/],
  ])('%j is malformed, and says what is wrong', (body, why) => {
    expect(delivered(body)).toEqual({ kind: 'malformed', why: expect.stringMatching(why) })
  })
})
