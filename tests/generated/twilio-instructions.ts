import type { LegInstruction } from '../../machines/instructions.ts'
import { parseTwiml, type Verb, type VerbOf } from '../../src/simulator/carrier/twiml.ts'

/** What a leg is told to do, in the words of the chart, and what the carrier needs to do it. */
export type ReadTwiml = {
  instructions: LegInstruction[]
  connect: VerbOf<'Connect'> | null
  /** Which leg comes back by the URLs that it gives. */
  leg: string | null
}

/** Reads TwiML back into what it was made of; throws at whatever a leg could not have been told. */
export function readInstructions(document: string): ReadTwiml {
  const verbs = parseTwiml(document)
  const connect = verbs.find((verb) => verb.verb === 'Connect') ?? null
  const back = verbs.map((verb) =>
    verb.verb === 'Redirect' ? verb.text : verb.verb === 'Connect' && verb.action,
  )
  const url = back.find((address) => typeof address === 'string')
  const leg = url ? new URL(url).searchParams.get('leg') : null
  return { instructions: verbs.map(instructionOf), connect, leg }
}

function instructionOf(verb: Verb): LegInstruction {
  switch (verb.verb) {
    case 'Play':
      return played(new URL(verb.text).pathname)
    case 'Say':
      return said(verb.text)
    case 'Redirect':
      return redirected(new URL(verb.text))
    case 'Connect':
      return connected(verb)
    case 'Hangup':
      return { do: 'hang-up' }
    default:
      throw new Error(`No leg is told to <${verb.verb}>.`)
  }
}

function played(path: string): LegInstruction {
  if (/^\/audio\/greeting\/[0-9a-f]{64}\.wav$/.test(path)) return { do: 'play-greeting' }
  const round = /^\/audio\/hold\/(\d+)\.wav$/.exec(path)?.[1]
  if (round === undefined) throw new Error(`No leg is told to play ${path}.`)
  return { do: 'hold', round: Number(round) }
}

function said(text: string): LegInstruction {
  if (text.startsWith('Hello, and thank you for calling.')) return { do: 'play-greeting' }
  if (text.startsWith('I am sorry, something went wrong')) return { do: 'say', message: 'apology' }
  if (text.startsWith('Sorry, we cannot take your call right now.')) return { do: 'say', message: 'busy' }
  throw new Error(`No leg is told to say "${text}".`)
}

function redirected({ pathname, search }: URL): LegInstruction {
  if (pathname !== '/webhooks/status-callback' || !/^\?leg=[0-9a-f-]{36}$/.test(search))
    throw new Error(`No leg is sent to ${pathname}${search}.`)
  return { do: 'poll' }
}

function connected({ action = '', method, stream, parameters }: VerbOf<'Connect'>): LegInstruction {
  const url = new URL(action)
  const bridgeNumber = Number(url.searchParams.get('bridgeNumber'))
  if (url.pathname !== '/webhooks/stream-ended' || method !== 'POST' || !(bridgeNumber > 0))
    throw new Error(`The end of a stream is not reported to ${method} ${action}.`)
  if (!/^wss?:\/\/[^/?#]+\/media-stream\/[0-9a-f-]{36}$/.test(stream.url))
    throw new Error(`No stream is opened to ${stream.url}.`)
  if (Object.keys(parameters).join() !== 'token' || !parameters.token)
    throw new Error('A stream needs a token and nothing else.')
  return { do: 'connect-media', bridgeNumber }
}
