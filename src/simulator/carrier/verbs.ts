import { CallError } from './call-error.ts'
import type { CarrierFaults } from './faults.ts'
import type { Line } from './line.ts'
import type { MediaStream } from './media-stream.ts'
import { fetchPlayAudio, NotDecoded } from './play-audio.ts'
import { type Step, untilInterrupted } from './step.ts'
import type { Timeline } from './timeline.ts'
import type { Verb, VerbOf } from './twiml.ts'
import type { Webhook } from './webhooks.ts'

/** What a voice is asked to say, and how; the words of <Say>. */
export type Speech = { text: string; voice?: string; language?: string }
/** Speaks a text as mu-law, 8 kHz, mono, without a header. */
export type Speak = (speech: Speech) => Buffer | Promise<Buffer>

/** What a verb works with: one call, while one document is performed. */
export type Stage = {
  line: Line
  timeline: Timeline
  speak: Speak
  faults: CarrierFaults
  /** Relative URLs of the document start from here. */
  base: string
  /** Aborted when the call is hung up or moved on. */
  signal: AbortSignal
  stopped: AbortSignal
  answer(): void
  openStream(url: string, parameters: Record<string, string>): MediaStream
  /** Sends a callback whose answer nobody waits for. */
  notify(webhook: Webhook): void
}

/** Twilio gives up an endless <Play> or <Say> after so many rounds. */
const MAX_LOOPS = 1000

/** Performs one verb. Resolves with the step that it leads to, or null when the next verb's turn has come. */
export async function performVerb(verb: Verb, stage: Stage): Promise<Step | null> {
  stage.timeline.add({ type: 'verb-started', verb: verb.verb, detail: detailOf(verb) })
  // Twilio picks up for every verb but these two.
  if (verb.verb !== 'Reject' && verb.verb !== 'Redirect') stage.answer()
  switch (verb.verb) {
    case 'Say':
      return say(verb, stage)
    case 'Play':
      return play(verb, stage)
    case 'Pause':
      return pause(verb, stage)
    case 'Redirect':
      return redirect(verb, stage)
    case 'Connect':
      return connect(verb, stage)
    case 'Hangup':
      return { do: 'end', status: 'completed', by: 'service' }
    case 'Reject':
      return { do: 'end', status: verb.reason === 'busy' ? 'busy' : 'no-answer', by: 'service' }
  }
}

function detailOf(verb: Verb): string {
  if (verb.verb === 'Connect') return verb.stream.url
  if (verb.verb === 'Pause') return `${verb.length} s`
  if (verb.verb === 'Reject') return verb.reason
  return verb.verb === 'Hangup' ? '' : verb.text
}

async function say({ text, voice, language, loop }: VerbOf<'Say'>, stage: Stage): Promise<null> {
  const speech = await untilInterrupted(Promise.resolve(stage.speak({ text, voice, language })), stage.signal)
  return playRepeatedly(speech, loop, stage)
}

async function play({ text, loop }: VerbOf<'Play'>, stage: Stage): Promise<null> {
  const url = absolute(text, stage)
  const fetched = fetchPlayAudio(url, stage.stopped).catch((error) => {
    if (!(error instanceof NotDecoded)) throw error
    stage.timeline.add({ type: 'warning', code: error.code, message: error.message })
    return stage.speak({ text: 'Here you would hear audio that the simulated carrier cannot decode.' })
  })
  return playRepeatedly(await untilInterrupted(fetched, stage.signal), loop, stage)
}

async function playRepeatedly(audio: Buffer, loop: number, { line, signal }: Stage): Promise<null> {
  for (let round = 0; round < (loop || MAX_LOOPS); round++) await untilInterrupted(line.play(audio), signal)
  return null
}

async function pause({ length }: VerbOf<'Pause'>, { line, signal }: Stage): Promise<null> {
  await untilInterrupted(line.pause(length * 1000, signal), signal)
  return null
}

async function redirect({ text, method }: VerbOf<'Redirect'>, stage: Stage): Promise<Step> {
  await untilInterrupted(stage.faults.pollsReleased(), stage.signal)
  return { do: 'request', url: absolute(text, stage), method }
}

/** Blocks for as long as the stream lasts; only when the call goes on after it is the action asked. */
async function connect(verb: VerbOf<'Connect'>, stage: Stage): Promise<Step | null> {
  const stream = stage.openStream(streamUrl(verb, stage), verb.parameters)
  announce(verb, stage, stream, 'stream-started')
  const { by, reason } = await stream.ended
  announce(verb, stage, stream, by === 'error' ? 'stream-error' : 'stream-stopped', reason)
  if (stage.signal.aborted || !verb.action) return null
  return { do: 'request', url: absolute(verb.action, stage), method: verb.method }
}

function streamUrl({ stream }: VerbOf<'Connect'>, { timeline }: Stage): string {
  const url = URL.parse(stream.url)
  if (!url || (url.protocol !== 'wss:' && url.protocol !== 'ws:'))
    throw new CallError(31922, `<Stream url="${stream.url}"> must be an absolute wss: URL.`)
  if (!url.search && !url.hash) return stream.url
  const message = '<Stream url> must have no query: it is not sent. Use <Parameter>.'
  timeline.add({ type: 'warning', code: null, message })
  return stream.url.replace(/[?#].*$/, '')
}

function announce(
  { stream: { name, statusCallback, statusCallbackMethod } }: VerbOf<'Connect'>,
  stage: Stage,
  stream: MediaStream,
  StreamEvent: string,
  StreamError = '',
): void {
  if (!statusCallback) return
  const fields = { StreamSid: stream.sid, StreamName: name ?? stream.sid, StreamEvent, StreamError }
  stage.notify({ url: absolute(statusCallback, stage), method: statusCallbackMethod, fields })
}

function absolute(url: string, { base }: Stage): string {
  const resolved = URL.parse(url, base || undefined)
  if (resolved?.protocol === 'http:' || resolved?.protocol === 'https:') return resolved.href
  throw new CallError(
    11100,
    `"${url}" is not an http or https URL${base ? '' : ', and there is none that it could be relative to'}.`,
  )
}
