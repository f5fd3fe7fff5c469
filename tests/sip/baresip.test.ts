import { afterAll, beforeAll, describe, it, onTestFinished } from 'vitest'
import { Baresip, type BaresipOptions, HAS_BARESIP } from '../support/baresip.ts'
import { CallRecord } from '../support/call-record.ts'
import { CALLERS_TONE, hearsFirstWords, hearsTone } from '../support/heard-audio.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { loudest, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

/** The second is where drachtio-server takes SIP over TLS, and whose certificates a phone is to believe. */
const { SIP_HOST = '127.0.0.1', SIP_PORT = '5060', SIP_TLS_PORT, SIP_TLS_CA_FILE = '' } = process.env

type Line = Pick<BaresipOptions, 'transport' | 'mediaenc'>

/** A call of baresip's, as it is written down. */
class SoftphoneCall extends CallRecord {
  readonly phone: Baresip
  readonly sid: string

  constructor({ world }: SipWorld, phone: Baresip, sid: string) {
    super(world)
    this.phone = phone
    this.sid = sid
  }

  protected override tell = () => this.phone.output
  protected override get patienceMs(): number {
    return 30_000
  }
}

let sip: SipWorld

async function dial({ transport, mediaenc }: Line): Promise<Baresip> {
  const server = `${SIP_HOST}:${transport === 'tls' ? SIP_TLS_PORT : SIP_PORT}`
  const caFile = SIP_TLS_CA_FILE
  const phone = await Baresip.start({
    server,
    transport,
    mediaenc,
    caFile,
    frequency: CALLERS_TONE.frequency,
  })
  onTestFinished(() => phone.stop())
  await phone.dial(SERVICE_NUMBER, { server, transport })
  return phone
}

async function answered(line: Line): Promise<SoftphoneCall> {
  const phone = await dial(line)
  await phone.says('Call established')
  const sql = 'select provider_call_id as sid from call_log order by id'
  const rows = await sip.world.db.query<{ sid: string }>(sql)
  return new SoftphoneCall(sip, phone, rows.at(-1)?.sid ?? '')
}

/** Greeting and agent are heard by the caller, the caller by the agent, and both again after a hold. */
async function talksBothWays(call: SoftphoneCall): Promise<void> {
  await until('the greeting is heard', () => loudest(call.phone.heard()) > 1_000)
  await call.reaches('bridged.talking')
  await hearsFirstWords(call, () => call.phone.heard())
  const conversation = await call.conversation(1)
  // baresip says its tone all the time.
  await hearsTone(conversation, 'ulaw_8000', () => {})
  await call.phone.hold()
  await call.phone.resume()
  conversation.callerAudio.length = 0
  await hearsTone(conversation, 'ulaw_8000', () => {})
}

const LINES: [string, Line, RegExp | null][] = [
  ['plain RTP over TCP', { transport: 'tcp', mediaenc: null }, null],
  ['keys beside plain RTP', { transport: 'udp', mediaenc: 'srtp' }, /SRTP is Enabled/],
  ['DTLS-SRTP', { transport: 'udp', mediaenc: 'dtls_srtp' }, /DTLS-SRTP|dtls_srtp/],
  ['SRTP over TLS', { transport: 'tls', mediaenc: 'srtp-mand' }, /SRTP is Enabled/],
  ['SRTP with feedback over TLS', { transport: 'tls', mediaenc: 'srtp-mandf' }, /SRTP is Enabled/],
  ['DTLS-SRTP over TLS', { transport: 'tls', mediaenc: 'dtls_srtp' }, /DTLS-SRTP|dtls_srtp/],
  ['plain RTP over TLS', { transport: 'tls', mediaenc: null }, null],
]

const canDial = REAL_SERVERS && HAS_BARESIP
const isReachable = ({ transport }: Line) => transport !== 'tls' || SIP_TLS_PORT !== undefined

describe.skipIf(!canDial)('baresip, through real servers', () => {
  beforeAll(async () => {
    sip = await SipWorld.begin({ vendor: { keepsCallerAudio: true } })
  })
  afterAll(() => sip.end())

  for (const [name, line, encrypted] of LINES)
    it.skipIf(!isReachable(line))(`with ${name} hears, is heard, and hangs up`, async () => {
      const call = await answered(line)
      await talksBothWays(call)
      if (encrypted) await call.phone.says(encrypted)
      await call.phone.hangUp()
      await until('the call is over', async () => (await call.row())?.outcome === 'caller_hung_up')
    })

  it.skipIf(!SIP_TLS_PORT)('over TLS is hung up by an operator', async () => {
    const call = await answered({ transport: 'tls', mediaenc: 'srtp-mand' })
    await call.reaches('bridged.talking')
    await sip.world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
    await call.phone.says(/session closed|Call.*terminated/)
  })
})

describe.skipIf(!canDial)('baresip, where SIP_SRTP is required', () => {
  beforeAll(async () => {
    sip = await SipWorld.begin({ settings: { SIP_SRTP: 'required' }, vendor: { keepsCallerAudio: true } })
  })
  afterAll(() => sip.end())

  it('with plain RTP is refused', async () => {
    await (await dial({ transport: 'udp', mediaenc: null })).says(/488/)
  })

  it.skipIf(!SIP_TLS_PORT)('with SRTP over TLS talks', async () => {
    await talksBothWays(await answered({ transport: 'tls', mediaenc: 'srtp-mand' }))
  })
})
