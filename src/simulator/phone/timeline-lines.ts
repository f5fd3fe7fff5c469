import type { TimelineEntry } from '../carrier/timeline.ts'
import type { CallEvent, Turn } from './service-api.ts'

/*
 * What happens on a call, one line a thing, for people at a terminal.
 */

/** One line: seconds since the dialling, who says it, and what. */
export function timelineLine(seconds: number, who: 'carrier' | 'service' | 'caller', what: string): string {
  return `${seconds.toFixed(2).padStart(7)} s  ${who.padEnd(7)}  ${what}`
}

/** What the carrier did, in words; null for what would only be noise. */
export function carrierWords(entry: TimelineEntry): string | null {
  switch (entry.type) {
    case 'dialed':
      return `${entry.from} dials ${entry.to}`
    case 'webhook-answered':
      // What was answered with TwiML is told with its verbs.
      if (entry.status === 200 && !entry.lost) return null
      return `${pathOf(entry.url)} → HTTP ${entry.status}${entry.lost ? ', lost on purpose' : ''}`
    case 'twiml-received':
      return `${pathOf(entry.url)} → ${entry.verbs.join(', ') || 'nothing to do'} (${entry.ms.toFixed(0)} ms)`
    case 'answered':
      return 'the call is answered'
    case 'moved':
      return `the call is moved to ${pathOf(entry.to)}`
    case 'stream-opened':
      return 'the media stream is open'
    case 'stream-audio':
      return 'first audio from the agent'
    case 'cleared':
      return `the agent is cut off: ${(entry.unheardMs / 1000).toFixed(2)} s stay unheard`
    case 'stream-closed':
      return `the media stream is closed by the ${entry.by}${entry.reason && ` (${entry.reason})`}`
    case 'digit':
      return `key ${entry.digit}`
    case 'warning':
      return `warning${codeOf(entry)}: ${entry.message}`
    case 'error':
      return `ERROR${codeOf(entry)}: ${entry.message}`
    case 'ended':
      return `the call is over: ${entry.status} after ${entry.seconds} s, ended by the ${entry.by}`
    case 'webhook-sent':
    case 'verb-started':
    case 'mark-received':
    case 'mark-returned':
      return null
  }
}

/** What the service recorded, with the state that it led to. */
export function eventWords(event: CallEvent): string {
  const { type, stateBefore, stateAfter } = event
  const cause = causeOf(event) ?? withheldIn(event)
  const what = stateBefore === stateAfter ? type : `${type.padEnd(22)} ${stateBefore} → ${stateAfter}`
  return cause === null ? what : `${what} (${cause})`
}

/** Why the agent was lost or the voice could not be cloned; null of all other events. */
export function causeOf({ event }: CallEvent): string | null {
  return typeof event?.cause === 'string' ? event.cause : null
}

/** Why the caller is not given the voice that is on file for their number; null when they are, or have none. */
function withheldIn({ event }: CallEvent): string | null {
  const { voice } = (event?.input ?? {}) as { voice?: { withheld?: string } }
  return voice?.withheld === undefined ? null : `voice withheld: ${voice.withheld}`
}

/** The conversation as it was heard. */
export function conversationLines(turns: readonly Turn[]): string[] {
  if (turns.length === 0) return ['  nothing was said']
  return turns.map(({ role, text, heard, interrupted }) => {
    const cut = interrupted ? ` [interrupted${heard === undefined ? '' : `; heard: "${heard}"`}]` : ''
    return `  ${role.padEnd(6)}  ${text}${cut}`
  })
}

function codeOf({ code }: { code: number | null }): string {
  return code === null ? '' : ` ${code}`
}

function pathOf(url: string): string {
  return URL.parse(url)?.pathname ?? url
}
