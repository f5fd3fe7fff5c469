import type { Channel } from './channel.ts'
import { type ForkSettings, forkCommand } from './fork-command.ts'
import type { HttpFiles } from './http-files.ts'
import { eventAsText, switchEvent } from './switch-event.ts'

/** What the commands need of the switch. */
export type ApiHost = {
  channels: ReadonlyMap<string, Channel>
  http: HttpFiles
  profile: string
  sipAddress: string
  fork: ForkSettings
  maxSessions: number
}

const MODULES = new Set([
  'mod_audio_fork',
  'mod_sofia',
  'mod_commands',
  'mod_dptools',
  'mod_httapi',
  'mod_sndfile',
])
const NO_CHANNEL = '-ERR No such channel!\n'

/** Executes an API command and returns its output. Source: FreeSWITCH, mod_commands and mod_sofia. */
export function apiCommand(command: string, host: ApiHost): string {
  const [name = '', ...rest] = command.trim().split(' ')
  const argument = rest.join(' ')
  const channel = host.channels.get(rest[0] ?? '')
  switch (name) {
    case 'status':
      return status(host)
    case 'version':
      return 'FreeSWITCH Version 1.10.11-release+simulated (simulated)\n'
    case 'sofia':
      return argument === 'status' ? sofiaStatus(host) : `-ERR sofia ${argument} is not simulated\n`
    case 'show':
      return `\n${host.channels.size} total.\n`
    case 'module_exists':
      return MODULES.has(argument) ? 'true' : 'false'
    case 'global_getvar':
      return ''
    case 'hupall':
      for (const each of host.channels.values()) each.hangUp(argument || 'MANAGER_REQUEST')
      return '+OK hangup all channels\n'
    case 'http_clear_cache':
      host.http.clear()
      return '+OK\n'
    case 'uuid_audio_fork':
      return forkCommand(argument, { settings: host.fork, channel: (uuid) => host.channels.get(uuid) })
    case 'uuid_exists':
      return channel ? 'true' : 'false'
    default:
      return /^uuid_(break|kill|dump|getvar|setvar|set_media_stats|send_dtmf|recv_dtmf)$/.test(name)
        ? channel
          ? channelCommand(name, rest.slice(1), channel)
          : NO_CHANNEL
        : `-ERR ${name} Command not found!\n`
  }
}

function channelCommand(name: string, [first = '', ...rest]: string[], channel: Channel): string {
  switch (name) {
    case 'uuid_break':
      // "all" means what waits for its turn; of a list of files, only the one that sounds is ended.
      if (first === 'all') channel.commands.clear()
      channel.playing.break('break')
      return '+OK\n'
    case 'uuid_kill':
      // The answer is on its way before the channel has gone.
      setImmediate(() => channel.hangUp(first || 'NORMAL_CLEARING'))
      return '+OK\n'
    case 'uuid_dump':
      return eventAsText(switchEvent('CHANNEL_DATA', { ...channel.fields, ...channel.variableFields }))
    case 'uuid_getvar':
      return channel.variables.get(first) ?? '_undef_'
    case 'uuid_setvar':
      channel.variables.set(first, rest.join(' '))
      return '+OK\n'
    default:
      return '+OK\n'
  }
}

function status({ channels, maxSessions }: ApiHost): string {
  return [
    'UP 0 years, 0 days, 0 hours, 1 minute, 0 seconds, 0 milliseconds, 0 microseconds',
    'FreeSWITCH (Version 1.10.11-release simulated) is ready',
    `${channels.size} session(s) since startup`,
    `${channels.size} session(s) - peak ${channels.size}, last 5min ${channels.size}`,
    '0 session(s) per Sec out of max 80, peak 0, last 5min 0',
    `${maxSessions} session(s) max`,
    'min idle cpu 0.00/100.00',
    '',
  ].join('\n')
}

function sofiaStatus({ profile, sipAddress }: ApiHost): string {
  const line = '='.repeat(97)
  return [
    '                     Name\t   Type\t                                      Data\tState',
    line,
    `${profile.padStart(25)}\tprofile\t${`sip:mod_sofia@${sipAddress}`.padStart(42)}\tRUNNING (0)`,
    line,
    '1 profile 0 aliases',
    '',
  ].join('\n')
}
