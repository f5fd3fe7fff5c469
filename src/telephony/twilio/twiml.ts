import twilio from 'twilio'
import type { LegInstruction } from '../../../machines/instructions.ts'
import { callbackUrl } from './callback-url.ts'

/** Everything about a call and this service that its TwiML needs and its state does not say. */
export type TwimlContext = {
  callId: string
  legId: string
  /** The https origin that Twilio reaches us at. */
  origin: string
  /** The token of this bridge. */
  tokenOf: (bridgeNumber: number) => string
  greeting: { path: string | null; text: string }
  hold: HoldMusic
}

/** What a round of hold sounds like; a `path` is ours, an `url` somebody else's, and neither is silence. */
export type HoldMusic = {
  pathOf: ((round: number) => string) | null
  url: string | null
  roundMs: number
}

type HoldContext = Pick<TwimlContext, 'origin' | 'hold'>
/** Who has just called is greeted first. */
type WaitContext = HoldContext & { greeting: TwimlContext['greeting'] | null }

export const SPOKEN = {
  apology: 'I am sorry, something went wrong on our side. Please call again in a little while. Goodbye.',
  busy: 'Sorry, we cannot take your call right now. Please try again in a moment.',
}

type Response = InstanceType<typeof twilio.twiml.VoiceResponse>

/** Translates what a leg shall do into TwiML, and decides nothing. */
export function renderTwiml(instructions: LegInstruction[], context: TwimlContext): string {
  const response = new twilio.twiml.VoiceResponse()
  for (const instruction of instructions) add(response, instruction, context)
  return response.toString()
}

/** Hold for so long, at least a round of it, and the same question again at `url`. */
export function waitTwiml(url: string, wait: { from: number; forMs: number }, context: WaitContext): string {
  const response = new twilio.twiml.VoiceResponse()
  if (context.greeting) greet(response, context.greeting, context.origin)
  // A track of the operator's own is as long as it is, and is not begun twice.
  const rounds = context.hold.url ? 1 : Math.max(1, Math.ceil(wait.forMs / context.hold.roundMs))
  for (let round = wait.from; round < wait.from + rounds; round++) hold(response, round, context)
  response.redirect({ method: 'POST' }, url)
  return response.toString()
}

/** What a caller hears whose call we do not know: polite, and an end. */
export function apologyTwiml(): string {
  const response = new twilio.twiml.VoiceResponse()
  response.say(SPOKEN.apology)
  response.hangup()
  return response.toString()
}

/** For a call that is over. */
export function goodbyeTwiml(): string {
  const response = new twilio.twiml.VoiceResponse()
  response.hangup()
  return response.toString()
}

function add(response: Response, instruction: LegInstruction, context: TwimlContext): void {
  switch (instruction.do) {
    case 'play-greeting':
      greet(response, context.greeting, context.origin)
      return
    case 'hold':
      hold(response, instruction.round, context)
      return
    case 'poll':
      response.redirect(
        { method: 'POST' },
        callbackUrl('status-callback', context.origin, { leg: context.legId }),
      )
      return
    case 'connect-media':
      connect(response, instruction.bridgeNumber, context)
      return
    case 'say':
      response.say(SPOKEN[instruction.message])
      return
    case 'hang-up':
      response.hangup()
  }
}

function greet(response: Response, { path, text }: TwimlContext['greeting'], origin: string): void {
  if (path) response.play(origin + path)
  else response.say(speakable(text))
}

/** A text of the operator's own may hold what XML cannot (version 1.0, section 2.2), at which the builder throws. */
const speakable = (text: string) => text.toWellFormed().replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')

function hold(
  response: Response,
  round: number,
  { origin, hold: { pathOf, url, roundMs } }: HoldContext,
): void {
  if (url) response.play(url)
  else if (pathOf) response.play(origin + pathOf(round))
  else response.pause({ length: Math.max(1, Math.ceil(roundMs / 1000)) })
}

/** Twilio strips the query of a stream's URL, so the token travels as a parameter. */
function connect(
  response: Response,
  bridgeNumber: number,
  { origin, callId, legId, tokenOf }: TwimlContext,
): void {
  const action = callbackUrl('stream-ended', origin, { leg: legId, bridgeNumber })
  const connecting = response.connect({ action, method: 'POST' })
  const stream = connecting.stream({ url: `${origin.replace(/^http/, 'ws')}/media-stream/${callId}` })
  stream.parameter({ name: 'token', value: tokenOf(bridgeNumber) })
}
