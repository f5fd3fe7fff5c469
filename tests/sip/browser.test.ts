import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { writePcmWav } from '../../src/audio/wav.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import { buildPhoneInPlace } from '../support/build-console.ts'
import { CallRecord } from '../support/call-record.ts'
import { launchChromium, WHY_NO_BROWSER } from '../support/chromium.ts'
import { closeHard, listenHere } from '../support/loopback.ts'
import { PhonePage } from '../support/phone-page.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { loudest, SipWorld } from '../support/sip-world.ts'
import { heardAt, likeness, tone } from '../support/tones.ts'
import { until } from '../support/until.ts'
import { SERVICE_NUMBER } from '../support/world.ts'

/*
 * A real browser calls over real servers: SIP over WebSocket through drachtio-server, and ICE, DTLS-SRTP and a codec of the
 * browser's through FreeSWITCH. Simulated servers know nothing of that, so these tests need SIP_WS_URL or SIP_WSS_URL,
 * a WebSocket contact of the drachtio-server in DRACHTIO_HOST.
 */
const { SIP_WS_URL, SIP_WSS_URL } = process.env
const WEB_SOCKET = SIP_WS_URL ?? SIP_WSS_URL
const WHY_NOT =
  REAL_SERVERS && WEB_SOCKET
    ? WHY_NO_BROWSER
    : 'it needs real servers, and SIP_WS_URL: a WebSocket contact of drachtio-server'

/** The hold track, and what the caller says over and over. */
const HOLD_HZ = 660
const CALLER_SAYS = 'I am calling from a page, and I would like to know when you are open on Sundays.'
const RATE = 8000
/** A real call, at its own speed: greeting, cloning, a few sentences. */
const WHOLE_CALL_MS = 90_000

/** Likeness of what the agent heard to what was said, after the browser's noise filter, a codec and a jitter buffer. */
const ALIKE = 0.7
const PATIENCE_MS = 30_000
/** To listen is work, and the simulated vendor lives in this process. */
const LISTENING = { interval: 500, timeout: PATIENCE_MS }
/** Speech goes far above it. */
const LOUD = 1_000

class BrowserCall extends CallRecord {
  readonly sid: string

  constructor({ world }: SipWorld, sid: string) {
    super(world)
    this.sid = sid
  }

  outcome(): Promise<string> {
    return this.until('has an outcome', async () => (await this.row())?.outcome ?? null)
  }

  protected override tell(): string {
    return ''
  }

  protected override get patienceMs(): number {
    return PATIENCE_MS
  }
}

type Link = { id: string; url: string }

describe.skipIf(WHY_NOT !== null)('A browser that calls by a link', { timeout: WHOLE_CALL_MS }, () => {
  let sip: SipWorld
  let browser: Browser
  let folder: string
  let phone: PhonePage
  const music = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'audio/wav' })
    response.end(writePcmWav({ samples: tone(HOLD_HZ, RATE, { ms: 3_000 }), rate: RATE }))
  })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'browser-call-'))
    const microphone = join(folder, 'caller.wav')
    await writeFile(microphone, writePcmWav({ samples: decodeMuLaw(speak(CALLER_SAYS)), rate: RATE }))
    await buildPhoneInPlace()
    sip = await SipWorld.begin({
      vendor: { keepsCallerAudio: true },
      settings: {
        SIP_TRUNKS: '127.1.0.0/16',
        SIP_WSS_URL: WEB_SOCKET ?? '',
        GREETING_MUSIC_URL: `${await listenHere(music)}/hold.wav`,
      },
    })
    browser = await launchChromium({ microphone })
  }, WHOLE_CALL_MS)
  afterAll(async () => {
    await browser?.close()
    await sip?.end()
    await closeHard(music)
    await rm(folder, { recursive: true, force: true })
  })
  afterEach(() => phone?.close())

  async function open(draft: object = {}): Promise<Link> {
    const response = await sip.world.admin('/phone-links', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: SERVICE_NUMBER, callerName: 'Ann', ...draft }),
    })
    const link = (await response.json()) as Link
    phone = await PhonePage.open(browser, link.url, { ignoreHTTPSErrors: true })
    await phone.says('Hello, Ann')
    return link
  }

  async function call(draft: object = {}): Promise<BrowserCall> {
    const { id } = await open(draft)
    await phone.press('Call')
    const sid = await until('the link is used', async () => {
      const sql = 'select provider_call_id as sid from phone_link where id = $1'
      return (await sip.world.db.query<{ sid: string | null }>(sql, [id]))[0]?.sid
    })
    return new BrowserCall(sip, sid)
  }

  /** Resolves when the last second that was heard is so. */
  const hears = (what: string, isIt: (second: Int16Array) => boolean) =>
    expect
      .poll(async () => (await phone.heard()) !== null && isIt(await phone.sound(-RATE)), {
        ...LISTENING,
        message: what,
      })
      .toBe(true)
  const isLoud = (second: Int16Array) => loudest(second) > LOUD
  const isMusic = (second: Int16Array) => heardAt(second, HOLD_HZ, RATE).snr > 15

  /** The last of what the agent heard, as long as the caller takes to say it and to begin anew. */
  const microphone = (callerAudio: Buffer[], said: Int16Array) =>
    likeness(decodeMuLaw(Buffer.concat(callerAudio)).slice(-said.length - RATE), said)

  it('hears greeting, hold music and the agent, who hears the microphone', async () => {
    const callerNumber = await sip.world.newCallerWithVoice()
    sip.world.vendor.withholdClones = true
    const talking = await call({ callerNumber })
    await phone.says('Welcome')
    await hears('the greeting', isLoud)
    await phone.says('On hold')
    await hears('hold music', isMusic)
    sip.world.vendor.withholdClones = false
    await talking.reaches('bridged.talking')
    await phone.says('Connected')
    await hears('the agent', (second) => isLoud(second) && !isMusic(second))
    const { callerAudio } = await talking.conversation(1)
    const said = decodeMuLaw(speak(CALLER_SAYS))
    await expect.poll(() => microphone(callerAudio, said), LISTENING).toBeGreaterThan(ALIKE)
    expect((await phone.heard())?.codec).toMatch(/PCMU|opus/)
    await phone.press('Hang up')
    expect(await talking.outcome()).toBe('caller_hung_up')
    await phone.says('The call has ended')
    expect(phone.complaints).toEqual([])
    const [row] = await sip.world.db.query<{ from: string }>(
      'select from_number as "from" from call_log where provider_call_id = $1',
      [talking.sid],
    )
    expect(row?.from).toBe(callerNumber)
  })

  it('hears that the service hangs up', async () => {
    const talking = await call()
    await talking.reaches('bridged.talking')
    await sip.world.admin(`/calls/${await talking.id()}/hangup`, { method: 'POST' })
    await phone.says('The call has ended')
    expect(await talking.outcome()).toBe('operator_hung_up')
  })

  it('sends keys to the agent', async () => {
    const talking = await call()
    await talking.reaches('bridged.talking')
    await phone.press('Keypad')
    for (const key of ['4', '2', 'Hash']) await phone.press(key)
    const isKeyed = async () => (await talking.turns()).some(({ text }) => text.includes('4 2 #'))
    await until('the agent is told of the keys', isKeyed, () => '', PATIENCE_MS)
    await phone.press('Hang up')
    await talking.outcome()
  })

  it('is refused the second time', async () => {
    const { url } = await open()
    await phone.press('Call')
    await phone.says('Connected')
    const again = await PhonePage.open(browser, url)
    await again.says('This link does not work')
    expect(await again.sentence()).toMatch(/^This link has been used/)
    await again.close()
    await phone.press('Hang up')
    await phone.says('The call has ended')
  })

  it('is hung up for when its page is closed', async () => {
    const talking = await call()
    await talking.reaches('bridged.talking')
    await phone.close()
    expect(await talking.outcome()).toBe('caller_hung_up')
  })
})
