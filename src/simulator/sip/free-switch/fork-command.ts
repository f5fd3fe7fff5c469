import { separateArguments } from './arguments.ts'
import { AudioFork, type ForkOptions } from './audio-fork.ts'
import type { Channel } from './channel.ts'

/**
 * Which module is loaded: `streaming` is jambonz/freeswitch-modules, which plays binary messages; `playAudio` is
 * drachtio/drachtio-freeswitch-modules, which does not. The image of drachtio-freeswitch-mrf has the former without marks.
 */
export type ForkModule = 'streaming' | 'playAudio'

export type ForkSettings = { module: ForkModule; hasMarks: boolean; coalescedFrames: number }

/** Apps ask for this to find out which module is loaded. */
const SYNTAX: Record<ForkModule, string> = {
  streaming:
    '<uuid> [start | stop | send_text | pause | resume | graceful-shutdown | stop_play ] [wss-url | path] [mono | mixed | stereo] [8000 | 16000 | 24000 | 32000 | 64000] [bugname] [metadata] [bidirectionalAudio_enabled] [bidirectionalAudio_stream_enabled] [bidirectionalAudio_stream_samplerate]',
  playAudio:
    '<uuid> [start | stop | send_text | pause | resume | graceful-shutdown ] [wss-url | path] [mono | mixed | stereo] [8000 | 16000 | 24000 | 32000 | 64000] [bugname] [metadata]',
}

const DEFAULT_BUGNAME = 'audio_fork'
const SUCCESS = '+OK Success\n'
const FAILURE = '-ERR Operation Failed\n'
/** How many arguments each module takes apart; the last of them keeps whatever follows. */
const MOST_ARGUMENTS: Record<ForkModule, number> = { streaming: 10, playAudio: 7 }

/** `uuid_audio_fork`: both modules' ways of taking its arguments apart. Source: mod_audio_fork.c of either. */
export function forkCommand(
  text: string,
  { settings, channel: find }: { settings: ForkSettings; channel: (uuid: string) => Channel | undefined },
): string {
  const args = separateArguments(text, MOST_ARGUMENTS[settings.module])
  const [uuid = '', verb = '', third, fourth = ''] = args
  if (args.length < 2 || (verb === 'start' && args.length < 4)) return `-USAGE: ${SYNTAX[settings.module]}\n`
  const channel = find(uuid)
  if (!channel?.isUp) return FAILURE
  if (verb === 'start') return start(channel, args, settings)
  const isText = third?.startsWith('{') || third?.startsWith('[')
  const bugname = third === undefined || (isText && args.length < 4) ? DEFAULT_BUGNAME : third
  const said = args.length > 3 ? fourth : isText ? (third ?? '') : ''
  const fork = channel.forks.get(bugname)
  if (!fork) return FAILURE
  if (verb === 'stop') {
    fork.close(said)
    channel.forks.delete(bugname)
  } else if (verb === 'send_text') fork.sendText(said)
  else if (verb === 'pause') fork.pause(true)
  else if (verb === 'resume') fork.pause(false)
  else if (verb === 'graceful-shutdown') fork.pause(true)
  else if (verb === 'stop_play' && settings.module === 'streaming') fork.stopPlaying()
  else return FAILURE
  return SUCCESS
}

function start(channel: Channel, args: string[], settings: ForkSettings): string {
  const options = startOptions(args, settings)
  // A fork whose socket is gone still holds its name until it is stopped.
  if (!options || channel.forks.has(options.bugname)) return FAILURE
  channel.forks.set(options.bugname, new AudioFork(channel, options))
  return SUCCESS
}

function startOptions(args: string[], settings: ForkSettings): ForkOptions | null {
  const [, , url = '', mix, rate = '8000'] = args
  const sampling = Number.parseInt(rate.replace(/^(8|16)k$/, '$1000'), 10)
  if (mix !== 'mono' && mix !== 'mixed' && mix !== 'stereo') return null
  if (!/^(wss?|https?):\/\//i.test(url) || !(sampling > 0) || sampling % 8000 !== 0) return null
  const { hasMarks, coalescedFrames } = settings
  return {
    url: url.replace(/^http/i, 'ws'),
    mix,
    sampling,
    hasMarks,
    coalescedFrames,
    ...bugAndMetadata(args),
    ...(settings.module === 'streaming' ? playback(args) : { streamingRate: 0, takesPlayAudio: true }),
  }
}

function bugAndMetadata(args: string[]): { bugname: string; metadata: string } {
  const [fifth = '', sixth = ''] = args.slice(5)
  const isMetadata = args.length === 6 && /^[[{]/.test(fifth)
  if (isMetadata) return { bugname: DEFAULT_BUGNAME, metadata: fifth }
  return { bugname: fifth || (args.length > 9 ? DEFAULT_BUGNAME : fifth), metadata: sixth }
}

/** Without a rate there are nine arguments, and the streaming module does not look at what they say. */
function playback(args: string[]): { streamingRate: number; takesPlayAudio: boolean } {
  if (args.length < 10) return { streamingRate: 0, takesPlayAudio: true }
  const [isEnabled, isStreaming, rate] = [
    args[7] === 'true',
    args[8] === 'true',
    Number.parseInt(args[9] ?? '', 10) || 0,
  ]
  return { streamingRate: isEnabled && isStreaming ? rate : 0, takesPlayAudio: isEnabled && !isStreaming }
}
