import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { readWav, WavError } from '../../src/audio/wav.ts'
import { InvalidDatabaseUrl, readDatabaseUrl } from '../../src/config/database-url.ts'
import { type Country, PhoneNumbers } from '../../src/numbers/phone-numbers.ts'
import { InviteAuthorizer } from '../../src/telephony/sip/admission.ts'
import { offersWideband, rateOfLine } from '../../src/telephony/sip/codec-order.ts'
import { namesHosts } from '../../src/telephony/sip/contact.ts'
import { Digest } from '../../src/telephony/sip/digest.ts'
import type { SipRequest } from '../../src/telephony/sip/drachtio.ts'
import { callIdOf, faultOfInvite } from '../../src/telephony/sip/invite-rules.ts'
import { isHold, isOrdinary, TakenOffer, UnusableOffer } from '../../src/telephony/sip/offer.ts'
import { partiesOf } from '../../src/telephony/sip/parties.ts'
import { inSessionOf } from '../../src/telephony/sip/sdp-origin.ts'
import { TrunkDirectory } from '../../src/telephony/sip/trunks/trunk-directory.ts'
import { judgeSample } from '../../src/voices/judge-sample.ts'
import type { SeededRandom } from '../chaos/seeded-random.ts'
import { mutated, mutatedBytes, oddText } from './mutation.ts'
import { inviteText, SESSIONS } from './sip-text.ts'
import type { Fault, Target } from './target.ts'

/* What reads text and bytes without a socket: hundred thousands of cases a minute. */

/** The beginnings of recordings, as recorders, phones and browsers write them; what follows is only more of the same. */
const RECORDINGS = [
  'recorder-cut-off.wav',
  'broadcast.rf64.wav',
  'cut-in-mid-frame.mp3',
  'phone-memo.m4a',
  'browser-recording.webm',
].map((name) => readFileSync(new URL(`../voices/inputs/${name}`, import.meta.url)).subarray(0, 6_000))

/** A fault for every error but those that say what is wrong with the input. */
function reading(
  input: string,
  read: () => unknown,
  expected: readonly (new (...args: never[]) => Error)[] = [],
): Fault {
  try {
    read()
    return null
  } catch (error) {
    if (expected.some((kind) => error instanceof kind)) return null
    return crashed(error, input)
  }
}

const crashed = (error: unknown, input: string): Fault => ({
  what: 'crash',
  detail: (error as Error).stack ?? `${error}`,
  input,
})

const DATABASE_URLS = [
  'postgres://user:password@db.example.com:5432/precall?sslmode=verify-full&sslrootcert=system',
  'postgresql://[::1]:5432/a?host=/tmp&options=-c%20search_path%3Dx&connect_timeout=5',
  'postgres://u@/db?sslmode=prefer&application_name=a%20b&keepalives=1',
]

const databaseUrls: Target = {
  name: 'database-url',
  weight: 10,
  width: 1,
  run(random) {
    const url = oddText(DATABASE_URLS, random)
    return reading(JSON.stringify(url), () => readDatabaseUrl(url), [InvalidDatabaseUrl])
  },
}

const TERMS = [['none'], ['none', 'sdes', 'dtls'], ['sdes', 'dtls']] as const

const sessions: Target = {
  name: 'sdp',
  weight: 15,
  width: 1,
  run(random) {
    const sdp = oddText(SESSIONS, random)
    const read = () => {
      for (const each of [isHold, isOrdinary, offersWideband, rateOfLine]) each(sdp)
      inSessionOf(random.pick(SESSIONS), sdp)
      // What is taken is answered, in as many media.
      new TakenOffer(sdp, { isWideband: random.happens(0.5), encryptions: random.pick(TERMS) }).answer(
        random.pick(SESSIONS),
      )
    }
    return reading(JSON.stringify(sdp), read, [UnusableOffer])
  },
}

const numbers = new PhoneNumbers('US')
const users = [{ name: 'alice', password: 'correct-horse', number: '+15550100001' }]
const canonical = (spelling: string, country: Country | null) =>
  (country === null ? numbers : numbers.in(country)).canonical(spelling)
const authorizer = new InviteAuthorizer({
  trunks: new TrunkDirectory(['10.0.0.0/8'], canonical),
  digest: new Digest(users, 'secret'),
  links: null,
})

/** drachtio-srf's own reader, which has every message before we do. */
const SipMessage = createRequire(import.meta.url)('drachtio-srf/lib/sip-parser/message') as new (
  text: string,
) => SipRequest

const sipReaders: Target = {
  name: 'sip-readers',
  weight: 20,
  width: 1,
  async run(random) {
    const text = random.happens(0.5) ? inviteText(random) : mutated(inviteText(random), random)
    const request = parsed(text, random)
    if (!request) return null
    const input = JSON.stringify(text)
    return reading(input, () => readInvite(request)) ?? admitted(input, request)
  },
}

/** What the library cannot read never reaches us. */
function parsed(text: string, random: SeededRandom): SipRequest | null {
  try {
    const source_address = random.pick(['10.1.2.3', '192.0.2.7', '::ffff:10.0.0.1', 'noise', ''])
    return Object.assign(new SipMessage(text), { source_address, source_port: 5060, protocol: 'udp' })
  } catch {
    return null
  }
}

function readInvite(request: SipRequest): void {
  namesHosts(request.get('contact') ?? 'sip:none')
  for (const number of ['+15550100001', null])
    partiesOf(request, { admitted: true, caller: 'user', number }, canonical)
  faultOfInvite(request)
  callIdOf(request)
}

/** Whoever is let in is read as what they were let in as. */
async function admitted(input: string, request: SipRequest): Promise<Fault> {
  try {
    const verdict = await authorizer.examine(request)
    if (verdict.admitted) partiesOf(request, verdict, canonical)
    return null
  } catch (error) {
    return crashed(error, input)
  }
}

const audioFiles: Target = {
  name: 'audio-files',
  weight: 8,
  width: 4,
  async run(random) {
    const bytes = mutatedBytes(random.pick(RECORDINGS), random)
    const input = bytes.subarray(0, 2_000).toString('base64')
    const fault = reading(input, () => readWav(bytes), [WavError])
    if (fault) return fault
    try {
      await judgeSample('sample', bytes)
      return null
    } catch (error) {
      return crashed(error, input)
    }
  },
}

export const READER_TARGETS: readonly Target[] = [databaseUrls, sessions, sipReaders, audioFiles]
