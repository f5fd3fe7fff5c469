import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InviteOptions } from '../support/simulated-sip/phone/sip-call.ts'
import { SipWorld } from '../support/sip-world.ts'

/* Over SIP, too, whoever claims your number does not get your voice. */

const TRUNK = '127.1.0.9'
const STRANGER = '127.66.6.6'
const ANN = '+15550100888'
const BOB = '+15550100999'
const PASSWORD = 'correct-horse'

let sip: SipWorld
beforeAll(async () => {
  const settings = {
    SIP_TRUNKS: '127.1.0.0/16',
    SIP_USERS: `alice:${PASSWORD},bob=${BOB}:${PASSWORD}`,
  }
  sip = await SipWorld.begin({ settings })
  for (const caller of [ANN, BOB]) await sip.world.giveVoice(caller)
})
afterAll(() => sip.end())

const setTrust = (caller: string, trust: string | null) =>
  sip.world.admin(`/voices/${encodeURIComponent(caller)}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ trust }),
  })

/** Calls, and tells how far the caller was believed. */
async function called(options: Partial<InviteOptions>) {
  const call = sip.call(options)
  expect(await call.answer()).toBe(200)
  await call.line.bye()
  await call.outcome()
  const [row] = await sip.world.db.query<{ proof: string; withheld: string | null; own: boolean }>(
    `select caller_verification as proof, voice_withheld as withheld, sample_key is not null as own
     from call_log where provider_call_id = $1`,
    [call.sid],
  )
  return row
}

const byTrunk = (caller: string, headers: Record<string, string> = {}) =>
  called({
    sourceAddress: TRUNK,
    from: '+15550100777',
    headers: { 'P-Asserted-Identity': `<${caller}>`, ...headers },
  })
const sipUri = (parameters: string) => `sip:${ANN}${parameters}@trunk.example.com`

describe('The caller of a trunk', () => {
  it.each([
    ['without a word', sipUri(''), {}, 'trunk'],
    ['with verstat in the user part', sipUri(';verstat=TN-Validation-Passed-A'), {}, 'attested'],
    [
      'with verstat behind the host',
      `${sipUri('')};user=phone;verstat=TN-Validation-Passed-A`,
      {},
      'attested',
    ],
    ['with a verdict of no level', sipUri(';verstat=TN-Validation-Passed'), {}, 'trunk'],
    ['with one of Telnyx', `sip:${ANN}@sip.telnyx.com;verstat=TN-Validation-Passed`, {}, 'attested'],
    ['with verstat in a tel URI', `tel:${ANN};verstat=TN-Validation-Passed-B`, {}, 'trunk'],
    [
      'with the level beside it',
      sipUri(';verstat=TN-Validation-Passed'),
      { 'Attestation-Info': 'A' },
      'attested',
    ],
    ['whose check failed', sipUri(';verstat=TN-Validation-Failed'), {}, 'failed'],
    [
      "in the words of Twilio's trunks",
      sipUri(''),
      { 'X-Twilio-VerStat': 'TN-Validation-Passed-A' },
      'attested',
    ],
  ])('%s is believed as far as that goes', async (_, uri, headers, proof) => {
    const withheld = proof === 'failed' ? 'verification_failed' : null
    expect(await byTrunk(uri, headers)).toEqual({ proof, withheld, own: proof !== 'failed' })
  })

  it.each([
    ['in another identity', `<${sipUri('')}>, <tel:${ANN};verstat=TN-Validation-Failed>`, '', 'failed'],
    ['in From', `<${sipUri('')}>`, ';verstat=TN-Validation-Failed', 'failed'],
    ['in From, of another number', `<${sipUri('')}>`, ';verstat=TN-Validation-Passed-A', 'trunk'],
  ])('is judged by a verdict %s as well', async (_, identities, inFrom, proof) => {
    const headers = { 'P-Asserted-Identity': identities }
    const seen = await called({ sourceAddress: TRUNK, from: `+15550100777${inFrom}`, headers })
    expect(seen).toMatchObject({ proof, own: proof === 'trunk' })
  })

  it('is whom the trunk says, whatever name the caller goes by', async () => {
    const name = `"<sip:${ANN};verstat=TN-Validation-Passed-A@x>"`
    const call = sip.call({
      sourceAddress: TRUNK,
      headers: { 'P-Asserted-Identity': `${name} <sip:${BOB}@trunk.example.com>` },
    })
    expect(await call.answer()).toBe(200)
    await call.line.bye()
    await call.outcome()
    const sql =
      'select from_number as "from", caller_verification as proof from call_log where provider_call_id = $1'
    expect(await sip.world.db.query(sql, [call.sid])).toEqual([{ from: BOB, proof: 'trunk' }])
  })

  it('is not given the voice of a number that must be attested', async () => {
    await setTrust(ANN, 'attested')
    expect(await byTrunk(sipUri(''))).toMatchObject({ withheld: 'not_attested', own: false })
    expect(await byTrunk(sipUri(';verstat=TN-Validation-Passed-A'))).toMatchObject({ own: true })
    await setTrust(ANN, null)
  })
})

describe('A phone with a password', () => {
  const phone = (username: string, claimed: string) =>
    called({
      sourceAddress: STRANGER,
      from: claimed,
      headers: { 'P-Asserted-Identity': `<sip:${claimed};verstat=TN-Validation-Passed-A@x>` },
      credentials: { username, password: PASSWORD },
    })

  it('has the voice of the number that its password goes with, and of no other', async () => {
    await setTrust(BOB, 'attested')
    expect(await phone('bob', ANN)).toEqual({ proof: 'attested', withheld: null, own: true })
    expect(await phone('alice', ANN)).toEqual({ proof: 'unverified', withheld: 'not_verified', own: false })
  })

  it('has the voice of a number that anybody may claim', async () => {
    await setTrust(ANN, 'any')
    expect(await phone('alice', ANN)).toMatchObject({ proof: 'unverified', own: true })
    await setTrust(ANN, null)
  })
})
