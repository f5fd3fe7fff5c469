import pino from 'pino'
import type { Config } from '../config/config.ts'
import { type Asked, askFreeSwitch, type EventSocketAddress } from '../telephony/sip/event-socket.ts'
import { PROFILE } from '../telephony/sip/free-switch-server.ts'
import { type Login, logInToDrachtio } from './drachtio-login.ts'
import { type Check, type Finding, fail, ok, skip, warn } from './finding.ts'
import { unreachableBecause } from './network-failure.ts'
import { certificateFinding } from './sip-certificate.ts'
import { TrialCalls } from './sip-trial-call.ts'

/** A few questions, and a call of a second at each FreeSWITCH, each with a limit of its own. */
const LIMIT_MS = 60_000

/** The servers that take SIP calls, whether they let us in, and whether a call could be heard. */
export function sipCheck(config: Config): Check {
  const { enabled, drachtio, freeswitch } = config.sip
  return {
    name: 'sip',
    limitMs: LIMIT_MS,
    async *run() {
      if (!enabled) {
        yield skip('sip', 'ENABLE_SIP_HANDLER is not true')
        return
      }
      yield callersFinding(config)
      const { host, port, secret } = drachtio
      const login = await logInToDrachtio(host, port, secret ?? '').catch((error: Error) => error)
      const finding = drachtioFinding(login, config)
      yield finding
      if ('contacts' in login) yield await certificateFinding(config, login.contacts)
      const calls =
        finding.verdict === 'FAIL' ? null : await TrialCalls.begin(config, pino({ level: 'silent' }))
      try {
        for (const [index, server] of freeswitch.servers.entries()) {
          const name = freeswitch.servers.length === 1 ? 'freeswitch' : `freeswitch ${index + 1}`
          const address = { ...server, secret: freeswitch.secret }
          yield* freeSwitchFindings(name, address, { calls, drachtioHost: drachtio.host })
        }
      } finally {
        await calls?.end()
      }
    },
  }
}

/** Too wide a range, weak passwords and known secrets are told of with the settings. */
function callersFinding({ sip: { trunks, users, numbers } }: Config): Finding {
  const name = 'sip callers'
  const called = numbers === null ? 'any number' : numbers.join(', ')
  const who = [
    ...(trunks.length > 0 ? [`from ${trunks.join(', ')} without a password`] : []),
    ...(users.length > 0 ? [`with the password of ${users.map((user) => user.name).join(', ')}`] : []),
  ]
  if (who.length > 0) return ok(name, `may call ${called} ${who.join(', and ')}`)
  // The database is looked at for itself, and says so when there are none either.
  return ok(name, `may call ${called} over the trunks that are set up in the console alone`)
}

function drachtioFinding(login: Login | Error, { sip: { trunks, drachtio } }: Config): Finding {
  const name = 'drachtio'
  const at = `${drachtio.host}:${drachtio.port}`
  if (login instanceof Error)
    return fail(
      name,
      `${at} cannot be reached: ${unreachableBecause(login)}`,
      'start it, open the way to its admin port, or correct DRACHTIO_HOST and DRACHTIO_PORT',
    )
  if (login.kind === 'refused')
    return fail(name, `${at} refuses DRACHTIO_SECRET`, 'set it to the secret in drachtio.conf.xml')
  if (login.kind === 'no drachtio')
    return fail(name, `${at} is no drachtio-server`, 'set DRACHTIO_HOST and DRACHTIO_PORT to its admin port')
  const found = `${login.version} at ${at} takes SIP at ${login.contacts.join(', ')}`
  if (!trunks.some(isElsewhere) || !login.contacts.every(isHere)) return ok(name, found)
  return warn(
    name,
    `${found}: only this machine can call`,
    'start it with a --contact or --external-ip that callers reach',
  )
}

/** Addresses and ranges that mean this machine and no other. */
const isHere = (address: string): boolean => /(^|\/)(127\.|\[?::1\b|localhost$)/.test(address)
const isElsewhere = (range: string): boolean => !/^(127\.|::1\/)/.test(range)

async function* freeSwitchFindings(
  name: string,
  address: EventSocketAddress,
  { calls, drachtioHost }: { calls: TrialCalls | null; drachtioHost: string },
): AsyncGenerator<Finding> {
  const at = `${address.host}:${address.port}`
  let asked: Asked
  try {
    asked = await askFreeSwitch(address, [
      'version',
      'sofia status',
      'uuid_audio_fork',
      'module_exists mod_httapi',
    ])
  } catch (error) {
    yield unreached(name, at, error)
    return
  }
  const [version = '', profiles = '', fork = '', httapi = ''] = asked.answers
  const findings = [
    profileFinding(name, `${/Version (\S+)/.exec(version)?.[1] ?? 'FreeSWITCH'} at ${at}`, {
      profiles,
      isElsewhere: address.host !== drachtioHost && !isHere(address.host),
    }),
    moduleFinding(`${name} module`, fork),
    httapiFinding(`${name} http`, httapi),
  ]
  yield* findings
  if (findings.some(({ verdict }) => verdict === 'FAIL')) return
  if (calls === null) yield skip(`${name} call`, 'it needs drachtio-server')
  else yield* calls.tryOut(name, address)
}

function unreached(name: string, at: string, error: unknown): Finding {
  const { message } = error as Error
  if (message.includes('FREESWITCH_SECRET'))
    return fail(name, `${at} refuses FREESWITCH_SECRET`, 'set it to the password in event_socket.conf.xml')
  if (message.includes('ACL'))
    return fail(
      name,
      `${at} hangs up at once: its event socket lets nobody in from this machine`,
      'let this machine in (FREESWITCH_EVENT_SOCKET_CLIENT, or the ACL in event_socket.conf.xml)',
    )
  return fail(
    name,
    `${at} cannot be reached: ${unreachableBecause(error)}`,
    'start it, open the way to its event socket, or correct FREESWITCH_HOST and FREESWITCH_PORT',
  )
}

function profileFinding(
  name: string,
  what: string,
  { profiles, isElsewhere }: { profiles: string; isElsewhere: boolean },
): Finding {
  const found = new RegExp(`^\\s*${PROFILE}\\s+profile\\s(.*?)([A-Z]+)\\b[^A-Z]*$`, 'm').exec(profiles)
  const [, at = '', state] = found ?? []
  if (state === 'RUNNING' && isElsewhere && /@127\./.test(at))
    return warn(
      name,
      `${what} takes SIP on loopback alone, and drachtio-server seems to be on another machine`,
      'set FREESWITCH_SIP_IP to its inner address, and FREESWITCH_SIP_CLIENT to the address of drachtio-server',
    )
  if (state === 'RUNNING') return ok(name, `${what}, its SIP profile ${PROFILE} runs`)
  return fail(
    name,
    `${what} ${state ? `has its SIP profile ${PROFILE} ${state}` : `has no SIP profile ${PROFILE}`}: no call can be put on it`,
    'start it with freeswitch-config/; its log says why a profile does not start',
  )
}

/** Both work; which one it is decides how the caller hears the agent, and under which licence FreeSWITCH runs. */
function moduleFinding(name: string, syntax: string): Finding {
  if (!syntax.startsWith('-USAGE'))
    return fail(
      name,
      'mod_audio_fork is not loaded: no caller could be joined to an agent',
      `${LICENCES} says where to get it`,
    )
  if (syntax.includes('bidirectionalAudio'))
    return ok(name, "mod_audio_fork streams the agent's audio (jambonz', AGPL-3.0 outside of jambonz)")
  return ok(
    name,
    "mod_audio_fork plays the agent's audio as files, a little later than streamed (drachtio's, MIT)",
  )
}

const LICENCES = 'docs/SIP_TESTING_GUIDE.md'

function httapiFinding(name: string, exists: string): Finding {
  if (exists.trim() === 'true') return ok(name, 'mod_httapi fetches greeting and music from us')
  return fail(
    name,
    'mod_httapi is not loaded: callers would hear neither greeting nor music',
    'load it as freeswitch-config/autoload_configs/modules.conf.xml does',
  )
}
