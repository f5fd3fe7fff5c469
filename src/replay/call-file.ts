import { createHash } from 'node:crypto'
import { type RecordedCall, type RecordedEvent, UnreplayableCall } from './recorded-call.ts'

/*
 * A recorded call as a file: JSON Lines, the call first, then one line an event, then the end. Each line carries a checksum
 * of itself and of all before it, so that a file that was cut or edited says where.
 */

const FORMAT = 'voiceclone-precall/call'
const FORMAT_VERSION = 1

/** `application/x-ndjson` is what most programs know JSON Lines by. */
export const CALL_FILE_TYPE = 'application/x-ndjson'

export const callFileName = (callId: string): string => `call-${callId}.jsonl`

type Head = {
  format: string
  formatVersion: number
  /** How many lines come between this one and the last. */
  events: number
  call: Omit<RecordedCall, 'events'>
}

export function writeCallFile({ events, ...call }: RecordedCall): string {
  const head: Head = { format: FORMAT, formatVersion: FORMAT_VERSION, events: events.length, call }
  let before = ''
  const lines = [head, ...events, { end: true }].map((line) => {
    before = checksumOf(before, line)
    return JSON.stringify({ ...line, checksum: before })
  })
  return `${lines.join('\n')}\n`
}

/** Reads a file back. Throws UnreplayableCall with the line at which it was cut, edited or is of another kind. */
export function readCallFile(text: string): RecordedCall {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  if (lines.at(-1)?.trim() === '') lines.pop()
  const { events, call, checksum } = readHead(lines[0] ?? '')
  const read: RecordedEvent[] = []
  let before = checksum
  for (const [index, line] of lines.slice(1).entries()) {
    const number = index + 2
    const isLast = index === events
    const { checksum, ...content } = readLine(line, number, index + 1, events)
    requireInPlace(content, { isLast, number, seq: index + 1 })
    if (checksum !== checksumOf(before, content)) throw changed(number, content)
    before = checksum
    if (!isLast) read.push(content as RecordedEvent)
    else if (lines.length > number) throw new UnreplayableCall(`Line ${number + 1} comes after the end.`)
  }
  if (lines.length < events + 2) throw cut(lines.length, events)
  return { ...call, events: read }
}

function readHead(line: string): Head & { checksum: string } {
  const head = parsed(line)
  if (head?.format !== FORMAT) {
    throw new UnreplayableCall(
      'This is no exported call: its first line does not say so. `npm run replay -- CALL_ID --export FILE` writes one.',
    )
  }
  if (head.formatVersion !== FORMAT_VERSION) {
    throw new UnreplayableCall(
      `This file has format ${head.formatVersion}, and only format ${FORMAT_VERSION} is known here: replay it with the version of the service that exported it.`,
    )
  }
  const { checksum, ...content } = head
  if (checksum !== checksumOf('', content)) throw changed(1, content)
  return head as Head & { checksum: string }
}

function readLine(line: string, number: number, seq: number, events: number) {
  const content = parsed(line)
  if (content) return content as { checksum: string }
  // Of a file that was cut, only the last line is broken.
  throw seq > events ? broken(number, 'the end') : broken(number, `event ${seq} of ${events}`)
}

function parsed(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function requireInPlace(
  content: Record<string, unknown>,
  { isLast, number, seq }: { isLast: boolean; number: number; seq: number },
): void {
  if (isLast ? content.end === true : content.seq === seq) return
  const found = content.end === true ? 'the end' : `event ${String(content.seq)}`
  const expected = isLast ? 'the end' : `event ${seq}`
  throw new UnreplayableCall(
    `Line ${number} is ${found} where ${expected} should be: lines were removed, added or moved. Export the call again.`,
  )
}

function changed(number: number, content: { event?: unknown; seq?: unknown }): UnreplayableCall {
  const { event, seq } = content as { event?: { type?: string }; seq?: number }
  const what = seq === undefined ? '' : `, event ${seq} (${event?.type}),`
  return new UnreplayableCall(
    `Line ${number}${what} was changed after the export: its checksum does not fit. Export the call again.`,
  )
}

const cut = (lines: number, events: number) =>
  new UnreplayableCall(
    `The file was cut: it ends after line ${lines}, and its first line speaks of ${events} events and an end. Export the call again.`,
  )

const broken = (number: number, what: string) =>
  new UnreplayableCall(
    `Line ${number} should be ${what} and is no JSON: the file was cut or edited there. Export the call again.`,
  )

function checksumOf(before: string, content: object): string {
  return createHash('sha256').update(before).update(JSON.stringify(content)).digest('hex')
}
