import type { Channel } from './channel.ts'
import type { HttpFiles } from './http-files.ts'
import { playback } from './playback.ts'
import { silence } from './sound.ts'

/** Runs an application of the dialplan. Resolves with its response, when it has one. */
export async function runApplication(
  channel: Channel,
  { application, argument, http }: { application: string; argument: string; http: HttpFiles },
): Promise<string | undefined> {
  switch (application) {
    case 'playback':
      return playback(channel, http, argument)
    case 'sleep':
      await channel.playing.play(silence(Number(argument)))
      return
    case 'set':
    case 'export':
      assign(channel, argument)
      return
    case 'multiset':
      for (const assignment of assignments(argument)) assign(channel, assignment)
      return
    case 'unset':
      channel.variables.delete(argument)
      return
    case 'hangup':
      channel.hangUp(argument || 'NORMAL_CLEARING')
  }
}

function assign({ variables }: Channel, assignment: string): void {
  const [name = ''] = assignment.split('=', 1)
  const value = assignment.slice(name.length + 1)
  if (value) variables.set(name, value)
  else variables.delete(name)
}

/** Separated by spaces, or by the character after "^^". */
function assignments(argument: string): string[] {
  const delimiter = argument.startsWith('^^') ? (argument[2] ?? ' ') : ' '
  return (argument.startsWith('^^') ? argument.slice(3) : argument).split(delimiter).filter(Boolean)
}
