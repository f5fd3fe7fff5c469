import type { Channel } from './channel.ts'
import type { HttpFiles } from './http-files.ts'
import { openSound } from './open-sound.ts'
import { CHANNEL_RATE, type Sound } from './sound.ts'

/** FreeSWITCH was seen to read files in pieces of so many samples, the next when less than the second number is left of the last. */
const READ_AHEAD = 16_384
const READ_AGAIN_AT = 4096

type FileEnd = 'done' | 'break' | 'break-all' | 'not-found'

/**
 * The application `playback`: plays a file, or several of them in line where `playback_delimiter` says what parts them, and
 * returns its response. Source: FreeSWITCH, switch_ivr_play_file and mod_dptools.
 */
export async function playback(channel: Channel, http: HttpFiles, argument: string): Promise<string> {
  const [list = '', seek = '0'] = argument.split('@@')
  const delimiter = channel.variables.get('playback_delimiter')
  let offset = Number(seek)
  let end: FileEnd = 'not-found'
  for (const file of delimiter ? list.split(delimiter) : [list]) {
    const sound = await openSound(file, { http, seek: file === list ? offset : 0 })
    if (!channel.isUp) break
    end = sound ? await playFile(channel, { file, sound, offset }) : 'not-found'
    offset = Number(channel.variables.get('playback_last_offset_pos') ?? offset)
    if (end === 'break-all') break
  }
  return end === 'not-found' ? 'FILE NOT FOUND' : 'FILE PLAYED'
}

async function playFile(
  channel: Channel,
  { file, sound, offset }: { file: string; sound: Sound; offset: number },
): Promise<FileEnd> {
  const about = { 'Playback-File-Path': file }
  channel.fire('PLAYBACK_START', about, { withVariables: false })
  const { how, samplesPlayed } = await channel.playing.play(sound)
  const heard = Math.round((samplesPlayed * sound.nativeRate) / CHANNEL_RATE)
  tellPosition(channel, { sound, heard, offset })
  const status = how === 'done' ? 'done' : 'break'
  channel.fire('PLAYBACK_STOP', { ...about, 'Playback-Status': status }, { withVariables: false })
  return how
}

/** Only the offset says what was heard, counted through a whole list; the others count what was read ahead, too. */
function tellPosition(
  { variables }: Channel,
  { sound, heard, offset }: { sound: Sound; heard: number; offset: number },
): void {
  const pieces = Math.floor((heard + READ_AGAIN_AT) / READ_AHEAD) + 1
  const samplesRead = Math.min(sound.nativeLength, pieces * READ_AHEAD)
  variables.set('playback_last_offset_pos', `${offset + heard}`)
  variables.set('playback_seconds', `${Math.floor(samplesRead / sound.nativeRate)}`)
  variables.set('playback_ms', `${Math.floor((samplesRead * 1000) / sound.nativeRate)}`)
  variables.set('playback_samples', `${samplesRead}`)
}
