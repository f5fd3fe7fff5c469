import { describe, expect, it, test } from 'vitest'
import type { TrunkSettings } from '../../src/calls/trunk-ports.ts'
import { PhoneNumbers } from '../../src/numbers/phone-numbers.ts'
import { InviteAuthorizer, srtpOf } from '../../src/telephony/sip/admission.ts'
import type { SipRequest } from '../../src/telephony/sip/drachtio.ts'
import { partiesOf } from '../../src/telephony/sip/parties.ts'
import { TrunkDirectory } from '../../src/telephony/sip/trunks/trunk-directory.ts'

const numbers = new PhoneNumbers('US')
const canonical = (spelling: string, country: TrunkSettings['country']) =>
  (country === null ? numbers : numbers.in(country)).canonical(spelling)

let ids = 0
const trunk = (own: Partial<TrunkSettings>): TrunkSettings => ({
  id: `${++ids}`,
  name: 'x',
  enabled: true,
  server: null,
  transport: 'udp',
  addresses: [],
  country: null,
  numbers: [],
  didFrom: 'request-uri',
  codecs: [],
  srtp: null,
  maxCalls: null,
  maxCallsPerSecond: null,
  registration: null,
  optionsSeconds: null,
  ...own,
})
const registered = (username: string) => ({ username, authUsername: null, password: 'x', expiresSeconds: 60 })

function directory(trunks: TrunkSettings[], names: Record<string, string[]> = {}, cidrs: string[] = []) {
  const made = new TrunkDirectory(cidrs, canonical)
  made.replace(trunks, (host) => names[host] ?? [])
  return made
}

/** An INVITE, as much of it as says who it is from and for. */
type Told = { from?: string; uri?: string; to?: string; caller?: string }
const invite = ({ from = '192.0.2.1', uri = 'sip:100@us', to, caller = '+15550100001' }: Told = {}) =>
  ({
    source_address: from,
    uri,
    get: () => undefined,
    getParsedHeader: (header: string) => {
      if (header === 'to' && to === 'broken') throw new Error('not to be read')
      return { uri: header === 'to' ? (to ?? uri) : `sip:${caller}@them` }
    },
  }) as unknown as SipRequest

const nameOf = (found: { name: string } | null) => found?.name ?? null

describe('whose a call is', () => {
  it.each([
    ['an address', { addresses: ['192.0.2.1'] }],
    ['a range', { addresses: ['192.0.2.0/24'] }],
    ['a name', { addresses: ['gw.example.com'] }],
    ['its server', { server: 'gw.example.com' }],
    ['its server with a port', { server: '192.0.2.1:5070' }],
  ])('is told by %s', (_, own) => {
    const found = directory([trunk(own)], {
      'gw.example.com': ['192.0.2.9', '192.0.2.1'],
      '192.0.2.1:5070': ['192.0.2.1'],
    })
    expect(found.of(invite())).toMatchObject(own)
    expect(found.of(invite({ from: '192.0.3.1' }))).toBeNull()
  })

  it('is told of IPv6, and of IPv4 in its clothes', () => {
    const found = directory([trunk({ addresses: ['2001:db8::/32', '192.0.2.1'] })])
    expect(found.has('[2001:db8::7]')).toBe(true)
    expect(found.has('::ffff:192.0.2.1')).toBe(true)
    expect(found.has('2001:db9::7')).toBe(false)
  })

  it('is nobody’s while the trunk is switched off, or its name has no address', () => {
    const off = trunk({ enabled: false, addresses: ['192.0.2.1'] })
    expect(directory([off, trunk({ addresses: ['gw.example.com'] })]).of(invite())).toBeNull()
  })

  it('is the settings’ where no other trunk is there', () => {
    const found = directory([trunk({ name: 'Ours', addresses: ['192.0.2.1'] })], {}, ['192.0.2.0/24'])
    expect(nameOf(found.of(invite()))).toBe('Ours')
    expect(found.of(invite({ from: '192.0.2.2' }))).toMatchObject({ id: null, name: 'SIP_TRUNKS' })
  })
})

test('of several trunks at one address, the one that a call is for takes it', () => {
  const shared = { addresses: ['192.0.2.1'] }
  const all = directory([
    trunk({ ...shared, name: 'all' }),
    trunk({ ...shared, name: 'Köln', country: 'DE', numbers: ['+492214710'], didFrom: 'to' }),
    trunk({ ...shared, name: 'registered', registration: registered('acct-7') }),
  ])
  expect(nameOf(all.of(invite({ uri: 'sip:acct-7@us', to: 'sip:0221-4710@us' })))).toBe('registered')
  expect(nameOf(all.of(invite({ uri: 'sip:s@us', to: 'sip:0221-4710@us' })))).toBe('Köln')
  expect(nameOf(all.of(invite({ uri: 'sip:0221-4710@us', to: 'sip:x@us' })))).toBe('all')
  expect(nameOf(all.of(invite({ to: 'broken' })))).toBe('all')
  const picky = directory([trunk({ ...shared, name: 'picky', numbers: ['+492214710'] })])
  expect(nameOf(picky.of(invite()))).toBe('picky')
})

describe('who calls whom', () => {
  const partiesAt = async (own: Partial<TrunkSettings>, req: SipRequest) => {
    const trunks = directory([trunk({ addresses: ['192.0.2.1'], ...own })])
    const verdict = await new InviteAuthorizer({ trunks, digest: null, links: null }).examine(req)
    if (!verdict.admitted) throw new Error('It was refused.')
    return partiesOf(req, verdict, canonical)
  }
  const call = invite({ uri: 'sip:acct-7@us', to: 'sip:0221-4710@them', caller: '0301234567' })

  it('is read with the numbers of the trunk’s country, and the DID from where it stands', async () => {
    expect(await partiesAt({ country: 'DE', didFrom: 'to' }, call)).toMatchObject({
      from: '+49301234567',
      to: '+492214710',
    })
    expect(await partiesAt({ country: 'DE' }, call)).toMatchObject({ to: 'acct-7' })
  })

  it('is read as of DEFAULT_COUNTRY where it has none', async () => {
    const here = invite({ uri: 'sip:415-555-0100@us', caller: '4155550101' })
    expect(await partiesAt({}, here)).toMatchObject({ from: '+14155550101', to: '+14155550100' })
  })

  it('is not told by a To that cannot be read', async () => {
    expect(await partiesAt({ didFrom: 'to' }, invite({ to: 'broken' }))).toBeNull()
  })
})

describe('whether its audio is encrypted', () => {
  const policyOf = (srtp: TrunkSettings['srtp'], general: 'off' | 'optional' | 'required') => {
    const found = directory([trunk({ addresses: ['192.0.2.1'], srtp })]).of(invite())
    return found && srtpOf({ admitted: true, caller: 'trunk', trunk: found }, general)
  }

  it('is what the trunk says, and what SIP_SRTP says where the trunk says nothing', () => {
    expect(policyOf('off', 'required')).toBe('off')
    expect(policyOf('required', 'off')).toBe('required')
    expect(policyOf(null, 'required')).toBe('required')
    const ofSettings = directory([], {}, ['192.0.2.0/24']).of(invite())
    expect(ofSettings && srtpOf({ admitted: true, caller: 'trunk', trunk: ofSettings }, 'required')).toBe(
      'required',
    )
  })
})
