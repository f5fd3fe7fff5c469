import { describe, expect, test } from 'vitest'
import { isUnknownVoice, refusal, retryAfter, vendorError } from '../../src/voice-agents/elevenlabs/errors.ts'
import { VendorError, type VendorFailure } from '../../src/voices/ports.ts'

const answer = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers: new Headers(headers),
})

/** In both forms that the vendor's errors have; the newer one names a `code`. */
const older = (status: string) => ({ detail: { status, message: 'No.' } })
const newer = (code: string) => ({ detail: { type: 'x', code, message: 'No.', request_id: 'r' } })

describe('a refusal', () => {
  test.each<[number, unknown, VendorFailure]>([
    [401, older('invalid_api_key'), 'unauthorized'],
    [401, older('quota_exceeded'), 'quota_exceeded'],
    [401, older('missing_permissions'), 'unauthorized'],
    [402, newer('payment_required'), 'unauthorized'],
    [403, older('only_for_creator+'), 'unauthorized'],
    [400, older('can_not_use_instant_voice_cloning'), 'unauthorized'],
    [400, older('voice_limit_reached'), 'slots_full'],
    [403, newer('voice_limit_reached'), 'slots_full'],
    [400, older('voice_add_edit_limit_reached'), 'quota_exceeded'],
    [403, older('voice_add_edit_limit_reached'), 'quota_exceeded'],
    [429, older('too_many_concurrent_requests'), 'rate_limited'],
    [429, older('system_busy'), 'rate_limited'],
    [503, older('system_busy'), 'rate_limited'],
    [429, null, 'rate_limited'],
    [400, older('max_character_limit_exceeded'), 'rejected'],
    [400, older('a_code_of_next_year'), 'rejected'],
    [404, older('voice_not_found'), 'rejected'],
    [413, null, 'rejected'],
    [422, { detail: [{ loc: ['body', 'files'], msg: 'Field required', type: 'missing' }] }, 'rejected'],
    [408, null, 'unavailable'],
    [425, null, 'unavailable'],
    [301, null, 'unavailable'],
    [500, newer('internal_error'), 'unavailable'],
    [502, null, 'unavailable'],
    [503, 'busy', 'unavailable'],
  ])('of %i with %j is %s', (status, body, failure) => {
    const error = refusal(answer(status), body)
    expect(error).toBeInstanceOf(VendorError)
    expect(error.failure).toBe(failure)
    expect(error.message).toContain(`${status}`)
  })

  test('keeps the status, the codes and the words of the vendor', () => {
    const detail = { code: 'voice_not_found', status: 'not_found', message: 'No such voice.' }
    expect(refusal(answer(404), { detail })).toMatchObject({
      status: 404,
      codes: ['voice_not_found', 'not_found'],
      reason: 'No such voice.',
    })
    expect(refusal(answer(502), null)).toMatchObject({ status: 502, codes: [], reason: null })
  })

  test('is told by the newer code when the older one says nothing', () => {
    const detail = { code: 'voice_limit_reached', status: 'error', message: 'Full.' }
    expect(refusal(answer(400), { detail }).failure).toBe('slots_full')
    expect(
      refusal(answer(400), { detail: { ...detail, code: 'error', status: 'voice_limit_reached' } }).failure,
    ).toBe('slots_full')
  })

  test.each<[unknown, string]>([
    [{ detail: 'Just text.' }, '(Just text.)'],
    [{ detail: [{ msg: 'Field required' }] }, 'Field required'],
    [older('x'), '(x: No.)'],
    [{}, '(no reason given)'],
    [{ detail: null }, '(no reason given)'],
    [{ detail: { message: 7, code: null } }, '(no reason given)'],
    [null, '(no reason given)'],
    [[], '(no reason given)'],
  ])('says what the vendor said in %j', (body, said) => {
    expect(refusal(answer(400), body).message).toContain(said)
  })

  test('says no more of it than fits a line of log', () => {
    for (const body of [
      older('x'.repeat(9_000)),
      { detail: 'x'.repeat(9_000) },
      { detail: Array(999).fill('x') },
    ])
      expect(refusal(answer(400), body).message.length).toBeLessThan(450)
  })

  test('knows when to try again', () => {
    expect(refusal(answer(429, { 'Retry-After': '7' }), null).retryAfterMs).toBe(7_000)
    expect(refusal(answer(429), null).retryAfterMs).toBeNull()
  })
})

describe('Retry-After', () => {
  const now = Date.parse('2026-11-21T10:00:00Z')
  test.each([
    ['120', 120_000],
    ['0', 0],
    ['1.5', 1_500],
    ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
    ['Saturday, 21-Nov-26 10:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['-1', null],
    ['soon', null],
    ['2026', 2_026_000],
    ['1e9', null],
    ['', null],
    [null, null],
  ])('of %j is %j ms', (header, ms) => {
    expect(retryAfter(header, now)).toBe(ms)
  })
})

describe('a voice that the vendor does not know', () => {
  test.each([
    [404, older('voice_not_found'), true],
    [400, older('voice_not_found'), true],
    [400, newer('voice_does_not_exist'), true],
    [404, {}, true],
    // A page of HTML, or a proxy without a route: the voice may still be there.
    [404, null, false],
    [401, older('invalid_api_key'), false],
    [500, older('internal'), false],
  ])('is told by %i with %j: %j', (status, body, isUnknown) => {
    expect(isUnknownVoice(refusal(answer(status), body))).toBe(isUnknown)
  })

  test('is told by nothing else', () => {
    expect(isUnknownVoice(new VendorError('rejected', 'Not of the vendor.'))).toBe(false)
    expect(isUnknownVoice(new Error('voice_not_found'))).toBe(false)
  })
})

test('what broke on the way is no refusal, and may pass', () => {
  const broken = new TypeError('fetch failed')
  expect(vendorError(broken)).toMatchObject({ failure: 'unavailable', cause: broken })
  const known = new VendorError('rejected', 'No.')
  expect(vendorError(known)).toBe(known)
})
