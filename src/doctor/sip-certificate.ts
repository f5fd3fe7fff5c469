import { once } from 'node:events'
import { checkServerIdentity, connect, type PeerCertificate } from 'node:tls'
import type { Config } from '../config/config.ts'
import { type Finding, fail, ok, skip, warn } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'

const LIMIT_MS = 3_000
const DAY_MS = 24 * 3_600_000
/** Who renews by hand needs some days for it; who renews by machine does so a month before the end. */
const SOON_DAYS = 21

const NAME = 'sip certificate'

type Shown = { certificate: PeerCertificate; untrusted: string | null }

/** The certificate that callers get to see: the file on the disk may be a newer one. `contacts` as drachtio-server tells them. */
export async function certificateFinding(config: Config, contacts: readonly string[]): Promise<Finding> {
  const { domain, srtp, drachtio } = config.sip
  const [, host = '', port = ''] =
    contacts.map((each) => /^(?:tls|wss)\/(.+):(\d+)$/.exec(each)).find((found) => found !== null) ?? []
  if (!port) {
    return srtp === 'required'
      ? warn(NAME, 'drachtio-server takes no SIP over TLS: SIP_SRTP lets only callers with DTLS-SRTP in', GET)
      : skip(NAME, 'drachtio-server takes no SIP over TLS')
  }
  const shown = await shownAt([host, drachtio.host], Number(port), domain)
  if (shown instanceof Error)
    return fail(NAME, `no certificate is shown at port ${port}: ${unreachableBecause(shown)}`, GET)
  return judged(shown, domain)
}

const GET = 'see "Encrypted calls" in docs/DEPLOYMENT.md'
const RENEW = 'renew it, and start drachtio-server anew: it reads its files at the start alone'

function judged({ certificate, untrusted }: Shown, domain: string | null): Finding {
  const days = Math.floor((Date.parse(certificate.valid_to) - Date.now()) / DAY_MS)
  const names = `${certificate.subjectaltname ?? certificate.subject.CN}`.replaceAll('DNS:', '')
  const what = `the one for ${names}, valid until ${certificate.valid_to},`
  if (days < 0) return fail(NAME, `${what} has ended`, RENEW)
  if (domain && checkServerIdentity(domain, certificate))
    return fail(NAME, `${what} is not for ${domain}`, 'get one for SIP_DOMAIN, or correct that setting')
  if (days <= SOON_DAYS) return warn(NAME, `${what} ends in ${days} days`, RENEW)
  if (untrusted)
    return warn(NAME, `${what} is trusted by nobody as it is shown (${untrusted})`, 'bring the whole chain')
  if (!domain) return ok(NAME, `${what} is in order; with SIP_DOMAIN its name would be looked at, too`)
  return ok(NAME, `${what} is in order`)
}

/** The inner address may be the only one that leads there from here. */
async function shownAt(hosts: string[], port: number, domain: string | null): Promise<Shown | Error> {
  let failure = new Error()
  for (const host of hosts) {
    try {
      return await look(host, port, domain)
    } catch (error) {
      failure = error as Error
    }
  }
  return failure
}

async function look(host: string, port: number, domain: string | null): Promise<Shown> {
  const named = domain ? { servername: domain } : {}
  const socket = connect({
    host,
    port,
    ...named,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  })
  try {
    socket.setTimeout(LIMIT_MS, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    await once(socket, 'secureConnect')
    const { authorizationError: untrusted } = socket
    return { certificate: socket.getPeerCertificate(), untrusted: untrusted ? `${untrusted}` : null }
  } finally {
    socket.destroy()
  }
}
