import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LegInstruction, legInstructions } from '../../machines/instructions.ts'
import { exploreCall } from '../../src/model/call-chart.ts'
import { INPUTS, viewOf } from '../../src/model/call-model.ts'
import { parseTwiml, type Verb } from '../../src/simulator/carrier/twiml.ts'
import { apologyTwiml, renderTwiml, SPOKEN, type TwimlContext } from '../../src/telephony/twilio/twiml.ts'

/*
 * The documents are read back by a reader that knows Twilio's verbs, attributes and nesting, and refuses all else: what it
 * finds must be what the leg was to be told, whatever is in the texts.
 */

const origin = fc.constantFrom(
  'https://voice.example.com',
  'https://voice.example.com:8443',
  'http://127.0.0.1:3006',
)
const url = fc.webUrl({ withQueryParameters: true, withFragments: true })

const context = fc.record({
  callId: fc.uuid(),
  legId: fc.uuid(),
  origin,
  token: fc.string({ unit: 'grapheme-ascii', minLength: 1 }),
  greeting: fc.record({
    path: fc.option(fc.constant('/audio/greeting/0123456789abcdef.wav')),
    text: fc.oneof(fc.string({ unit: 'binary' }), fc.constant(`<Hangup/> & "quotes" 'n' ]]> &amp; <!-- -->`)),
  }),
  hold: fc.record({
    slices: fc.boolean(),
    url: fc.option(url),
    roundMs: fc.integer({ min: 1, max: 60_000 }),
  }),
})
type Drawn = typeof context extends fc.Arbitrary<infer Value> ? Value : never

const bridgeNumber = fc.integer({ min: 1, max: 6 })
const instruction: fc.Arbitrary<LegInstruction> = fc.oneof(
  fc.constant({ do: 'play-greeting' } as const),
  fc.record({ do: fc.constant('hold' as const), round: fc.nat() }),
  fc.constant({ do: 'poll' } as const),
  fc.record({ do: fc.constant('connect-media' as const), bridgeNumber }),
  fc.record({
    do: fc.constant('say' as const),
    message: fc.constantFrom('apology' as const, 'busy' as const),
  }),
  fc.constant({ do: 'hang-up' } as const),
)

const contextOf = ({ callId, legId, origin, token, greeting, hold }: Drawn): TwimlContext => ({
  callId,
  legId,
  origin,
  greeting,
  tokenOf: (bridgeNumber) => `${token}.${bridgeNumber}`,
  hold: {
    pathOf: hold.slices ? (round) => `/audio/hold/${round}.wav?ms=2000` : null,
    url: hold.url,
    roundMs: hold.roundMs,
  },
})

/** What the document must say, said without the code that writes it. */
function expectedVerb(instruction: LegInstruction, drawn: Drawn): Verb {
  const { origin, callId, legId, token, greeting, hold } = drawn
  switch (instruction.do) {
    case 'play-greeting':
      return greeting.path ? play(origin + greeting.path) : say(greeting.text)
    case 'hold':
      if (hold.url) return play(hold.url)
      return hold.slices
        ? play(`${origin}/audio/hold/${instruction.round}.wav?ms=2000`)
        : { verb: 'Pause', length: Math.max(1, Math.ceil(hold.roundMs / 1000)) }
    case 'poll':
      return { verb: 'Redirect', text: `${origin}/webhooks/status-callback?leg=${legId}`, method: 'POST' }
    case 'connect-media':
      return {
        verb: 'Connect',
        action: `${origin}/webhooks/stream-ended?leg=${legId}&bridgeNumber=${instruction.bridgeNumber}`,
        method: 'POST',
        stream: {
          url: `${origin.replace('http', 'ws')}/media-stream/${callId}`,
          track: 'inbound_track',
          statusCallbackMethod: 'POST',
        },
        parameters: { token: `${token}.${instruction.bridgeNumber}` },
      }
    case 'say':
      return say(SPOKEN[instruction.message])
    case 'hang-up':
      return { verb: 'Hangup' }
  }
}

const play = (text: string): Verb => ({ verb: 'Play', text, loop: 1 })
const say = (text: string): Verb => ({ verb: 'Say', text: speakable(text), loop: 1 })

/** No control characters: XML cannot hold them. White space at both ends is nothing to be heard. */
const speakable = (text: string) =>
  text
    .toWellFormed()
    .replace(/[\p{Cc}\ufffe\uffff]/gu, ' ')
    .trim()

describe('every TwiML that can be rendered', () => {
  test('is valid, and says what the leg is to be told', () => {
    fc.assert(
      fc.property(fc.array(instruction, { maxLength: 5 }), context, (instructions, drawn) => {
        const document = renderTwiml(instructions, contextOf(drawn))
        expect(parseTwiml(document)).toEqual(instructions.map((each) => expectedVerb(each, drawn)))
      }),
      { numRuns: 500 },
    )
  })

  test('names a stream without a query: Twilio would drop it', () => {
    fc.assert(
      fc.property(bridgeNumber, context, (bridgeNumber, drawn) => {
        const [verb] = parseTwiml(renderTwiml([{ do: 'connect-media', bridgeNumber }], contextOf(drawn)))
        const { search, hash, protocol } = new URL(verb?.verb === 'Connect' ? verb.stream.url : '')
        expect([search, hash]).toEqual(['', ''])
        expect(protocol).toBe(drawn.origin.startsWith('https') ? 'wss:' : 'ws:')
      }),
    )
  })
})

describe.each(Object.entries(INPUTS))('a call with %s', (_, input) => {
  const { states } = exploreCall(input)

  test('is told in each of its states what the chart says, and is never left without a next step', () => {
    const [drawn] = fc.sample(context, 1)
    if (!drawn) throw new Error('Nothing was drawn.')
    for (const state of states) {
      const instructions = legInstructions(viewOf(state))
      const verbs = parseTwiml(renderTwiml(instructions, contextOf(drawn)))
      expect(verbs).toEqual(instructions.map((each) => expectedVerb(each, drawn)))
      expect(['Redirect', 'Connect', 'Hangup']).toContain(verbs.at(-1)?.verb)
      expect(verbs.filter(({ verb }) => ['Redirect', 'Connect', 'Hangup'].includes(verb))).toHaveLength(1)
    }
  })
})

test('a caller whose call nobody knows hears an apology and is not kept on the line', () => {
  expect(parseTwiml(apologyTwiml())).toEqual([say(SPOKEN.apology), { verb: 'Hangup' }])
})
