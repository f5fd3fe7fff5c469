import { separateArguments } from './arguments.ts'
import { AudioFork, type ForkOptions } from './audio-fork.ts'
import type { Channel } from './channel.ts'
import type { ForkRelease } from './streamed-audio.ts'

/**
 * Which module is loaded: `streaming` is jambonz/freeswitch-modules, which plays binary messages; `playAudio` is
 * drachtio/drachtio-freeswitch-modules, which does not.
 */
export type ForkModule = 'streaming' | 'playAudio'

export type ForkSettings = { module: ForkModule; release: ForkRelease; coalescedFrames: number }

/** Apps ask for this to find out which module is loaded. */
const SYNTAX: Record<ForkModule, string> = {
  streaming:
    '<uuid> [start | stop | send_text | pause | resume | graceful-shutdown | stop_play ] [wss-url | path] [mono | mixed | stereo] [8000 | 16000 | 24000 | 32000 | 64000] [bugname] [metadata] [bidirectionalAudio_enabled] [bidirectionalAudio_stream_enabled] [bidirectionalAudio_stream_samplerate]',
  playAudio:
    '<uuid> [start | stop | send_text | pause | resume | graceful-shutdown ] [wss-url | path] [mono | mixed | stereo] [8000 | 16000 | 24000 | 32000 | 64000] [bugname] [metadata]',
}

const DEFAULT_BUGNAME = 'audio_fork'
/** How many arguments each module takes apart; the last of them keeps whatever follows. */
const MOST_ARGUMENTS: Record<ForkModule, number> = { streaming: 10, playAudio: 7 }

/** `uuid_audio_fork`: both modules' ways of taking its arguments apart. Source: mod_audio_fork.c of either. */
export function forkCommand(
  text: string,
  { settings, channel: find }: { settings: ForkSettings; channel: (uuid: string) => Channel | undefined },
): string {
  const args = separateArguments(text, MOST_ARGUMENTS[settings.module])
  const [uuid = '', verb = ''] = args
  if (args.length < 2 || (verb === 'start' && args.length < 4)) return `-USAGE: ${SYNTAX[settings.module]}\n`
  const channel = find(uuid)
  const isDone = channel?.isUp && (verb === 'start' ? start : tell)(channel, args, settings)
  return isDone ? '+OK Success\n' : '-ERR Operation Failed\n'
}

function start(channel: Channel, args: string[], settings: ForkSettings): boolean {
  const options = startOptions(args, settings)
  // A fork whose socket is gone still holds its name until it is stopped.
  if (!options || channel.forks.has(options.bugname)) return false
  channel.forks.set(options.bugname, new AudioFork(channel, options))
  return true
}

/** Tells a fork something; false when there is none of that name, or it does not know the word. */
function tell(channel: Channel, [, verb = '', ...rest]: string[], { module }: ForkSettings): boolean {
  const { bugname, text } = addressed(rest)
  const fork = channel.forks.get(bugname)
  if (!fork) return false
  if (verb === 'stop') {
    fork.close(text)
    channel.forks.delete(bugname)
  } else if (verb === 'send_text') fork.sendText(text)
  else if (verb === 'pause' || verb === 'resume') fork.pause(verb === 'pause')
  else if (verb === 'graceful-shutdown') fork.finish()
  else if (verb === 'stop_play' && module === 'streaming') fork.stopPlaying()
  else return false
  return true
}

/** A fork without a name has a default one, and then what follows is known as text by how it begins. */
function addressed([first = DEFAULT_BUGNAME, second = '']: string[]): { bugname: string; text: string } {
  return second === '' && isJson(first)
    ? { bugname: DEFAULT_BUGNAME, text: first }
    : { bugname: first, text: second }
}

function startOptions(args: string[], settings: ForkSettings): ForkOptions | null {
  const [, , url = '', mix, rate = '8000', ...rest] = args
  const sampling = Number.parseInt(rate.replace('k', '000'), 10)
  if (mix !== 'mono' && mix !== 'mixed' && mix !== 'stereo') return null
  if (!/^(wss?|https?):\/\//i.test(url) || !(sampling > 0) || sampling % 8000 !== 0) return null
  const { module, release, coalescedFrames } = settings
  const [first = '', metadata = ''] = rest
  const isNameless = rest.length === 1 && isJson(first)
  return {
    url: url.replace(/^http/i, 'ws'),
    mix,
    sampling,
    release,
    coalescedFrames,
    bugname: isNameless ? DEFAULT_BUGNAME : first || DEFAULT_BUGNAME,
    metadata: isNameless ? first : metadata,
    ...(module === 'streaming' && args.length === MOST_ARGUMENTS.streaming
      ? playback(rest.slice(2))
      : BY_FILES),
  }
}

/** Where nothing is said of it, or less than the module looks for, audio comes back as files. */
const BY_FILES = { streamingRate: 0, takesPlayAudio: true }

function playback([enabled, streaming, rate = '']: string[]): {
  streamingRate: number
  takesPlayAudio: boolean
} {
  const isEnabled = enabled === 'true'
  const isStreaming = isEnabled && streaming === 'true'
  return {
    streamingRate: isStreaming ? Number.parseInt(rate, 10) || 0 : 0,
    takesPlayAudio: isEnabled && !isStreaming,
  }
}

function isJson(text: string): boolean {
  return text.startsWith('{') || text.startsWith('[')
}
