import { describe, expect, it } from 'vitest'
import { type EndedCall, rollingVerdict } from './verdict.ts'

const HUNG_UP: EndedCall = {
  carrier: 'twilio',
  place: 'talking',
  endsBy: 'caller',
  gaveUp: null,
  endedBy: 'caller',
  hasApologized: false,
  metTheEndOfDrain: false,
  outcome: 'caller_hung_up',
}
const endOf = (call: Partial<EndedCall>) => rollingVerdict({ ...HUNG_UP, ...call }).end

describe('A call of a rolling update ends', () => {
  it.each<[string, Partial<EndedCall>]>([
    ['by its caller', {}],
    ['by its agent', { endsBy: 'agent', endedBy: 'service', outcome: 'agent_ended' }],
    [
      'by the goodbye that was said',
      { place: 'closing', endsBy: 'place', endedBy: 'service', outcome: 'agent_ended' },
    ],
    ['by the hang-up that was told to nobody', { place: 'departing', endsBy: 'place' }],
    [
      'by the apology for its lost agent',
      { place: 'failed', endsBy: 'place', endedBy: 'service', hasApologized: true, outcome: 'agent_lost' },
    ],
  ])('as planned %s', (_, call) => {
    expect(endOf(call)).toBe('as planned')
  })

  it('with its holder over SIP when that leaves, and not before', () => {
    const held = { carrier: 'sip', endedBy: 'service', outcome: 'leg_holder_lost' } as const
    expect(endOf({ ...held, metTheEndOfDrain: true })).toBe('with its holder')
    expect(endOf({ ...held, metTheEndOfDrain: false })).toBe('lost')
    expect(endOf({ ...held, metTheEndOfDrain: true, place: 'arriving' })).toBe('lost')
    expect(endOf({ ...held, metTheEndOfDrain: true, carrier: 'twilio' })).toBe('lost')
  })

  it.each<[string, Partial<EndedCall>]>([
    ['whose caller gave up', { gaveUp: 'silence' }],
    ['that the service ended', { endedBy: 'service', outcome: 'media_lost' }],
    ['that the carrier could not go on with', { endedBy: 'carrier', outcome: 'carrier_failed' }],
    ['whose caller heard an apology', { hasApologized: true }],
  ])('lost, %s', (_, call) => {
    expect(endOf(call)).toBe('lost')
  })

  it.each(['draining', 'capacity_full'])('busy when it was turned away: %s', (outcome) => {
    expect(endOf({ place: 'arriving', endedBy: 'service', outcome })).toBe('busy')
  })

  it('misreported when another reason is written, or none', () => {
    expect(endOf({ outcome: 'media_lost' })).toBe('misreported')
    expect(endOf({ outcome: null })).toBe('misreported')
    expect(endOf({ endsBy: 'agent', endedBy: 'service', outcome: 'caller_hung_up' })).toBe('misreported')
  })
})
