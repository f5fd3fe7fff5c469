import fc from 'fast-check'
import twilio from 'twilio'
import { describe, expect, test } from 'vitest'
import { CallError } from '../../src/simulator/carrier/call-error.ts'
import { parseTwiml } from '../../src/simulator/carrier/twiml.ts'

const response = (body: string) => `<Response>${body}</Response>`

describe('reading TwiML', () => {
  test('keeps the order of the document', () => {
    const body = '<Play>/a</Play><Say>b</Say><Play>/c</Play><!-- note --><Pause/><Redirect>/d</Redirect>'
    expect(parseTwiml(response(body))).toEqual([
      { verb: 'Play', text: '/a', loop: 1 },
      { verb: 'Say', text: 'b', loop: 1 },
      { verb: 'Play', text: '/c', loop: 1 },
      { verb: 'Pause', length: 1 },
      { verb: 'Redirect', text: '/d', method: 'POST' },
    ])
  })

  test('reads a stream with its parameters', () => {
    const body =
      '<Connect action="/ended"><Stream url="wss://host/media"><Parameter name="token" value="a&amp;b"/></Stream></Connect>'
    expect(parseTwiml(response(body))).toMatchObject([
      {
        verb: 'Connect',
        action: '/ended',
        stream: { url: 'wss://host/media' },
        parameters: { token: 'a&b' },
      },
    ])
  })

  test('understands entities, CDATA and the marks in a spoken text', () => {
    const body = '<Say>\n <p>Tom &amp; Jerry&#39;s</p> <break time="1s"/>&#x263A; <![CDATA[<3 &amp;]]></Say>'
    expect(parseTwiml(response(body))).toMatchObject([{ text: "Tom & Jerry's ☺ <3 &amp;" }])
  })

  test('takes an empty document', () => {
    expect(parseTwiml('<?xml version="1.0" encoding="UTF-8"?>\n<Response/>')).toEqual([])
  })

  test('reads what the official library writes, whatever is said', () => {
    // XML 1.0 has no place for control characters, and reads every line end as \n.
    const sayable = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => !/[\p{Cc}\p{Cs}￾￿]/u.test(text))
    fc.assert(
      fc.property(sayable, fc.webUrl({ withQueryParameters: true }), fc.nat(10), (text, url, loop) => {
        const document = new twilio.twiml.VoiceResponse()
        document.say({ loop }, text)
        document.play(url)
        document.connect({ action: url }).stream({ url }).parameter({ name: 'token', value: text })
        expect(parseTwiml(document.toString())).toMatchObject([
          { verb: 'Say', text: text.trim(), loop },
          { verb: 'Play', text: url },
          { verb: 'Connect', action: url, stream: { url }, parameters: { token: text } },
        ])
      }),
    )
  })

  test.each<[string, string, number | null, RegExp]>([
    ['nothing', '', 12100, /not well-formed/],
    ['plain text', 'hello', 12100, /not well-formed/],
    ['a line before the declaration', '\n<?xml version="1.0"?><Response/>', 12100, /declaration/],
    ['an open element', '<Response><Say>', 12100, /not well-formed/],
    ['two roots', '<Response/><Response/>', 12100, /one root/],
    ['an unknown entity', response('<Say>&nbsp;</Say>'), 12100, /&nbsp; is not an entity/],
    ['a number that is no character', response('<Say>&#x110000;</Say>'), 12100, /not an entity/],
    ['a document type', '<!DOCTYPE a [<!ENTITY x "y">]><Response/>', 12100, /document type/],
    ['another root', '<response/>', 12102, /<response>/],
    ['a verb in the wrong case', response('<say>hi</say>'), 12200, /<say> is not a verb/],
    ['an attribute that is not there', response('<Say voise="x">hi</Say>'), 12200, /no attribute "voise"/],
    ['text where none belongs', response('<Pause>2</Pause>'), 12200, /cannot hold text/],
    ['text in the root', response('hello'), 12200, /<Response> cannot hold text/],
    ['a verb in a verb', response('<Say><Play>x</Play></Say>'), 12200, /<Play> cannot stand in <Say>/],
    ['a Connect of nothing', response('<Connect/>'), 12200, /must hold one <Stream>/],
    ['a Stream to nowhere', response('<Connect><Stream/></Connect>'), 12200, /stream url/],
    [
      'a Stream of the wrong track',
      response('<Connect><Stream url="wss://x" track="both_tracks"/></Connect>'),
      12200,
      /track/,
    ],
    ['a Play of nothing', response('<Play/>'), 12200, /<Play> text/],
    ['a length that is no number', response('<Pause length="soon"/>'), 12200, /<Pause> length/],
    ['a negative loop', response('<Say loop="-1">hi</Say>'), 12200, /<Say> loop/],
    ['a method that is none', response('<Redirect method="PUT">/x</Redirect>'), 12200, /method/],
    ['more verbs than make sense', response('<Hangup/>'.repeat(1001)), 12200, /more than 1000/],
    ['TwiML for other products', response('<Gather/>'), null, /does not perform/],
    ['tones', response('<Play digits="1"/>'), null, /does not perform/],
  ])('refuses %s', (_, document, code, message) => {
    expect(() => parseTwiml(document)).toThrow(message)
    expect(() => parseTwiml(document)).toThrow(expect.objectContaining({ code }))
  })

  test('never fails but with CallError, whatever comes', () => {
    const valid = response('<Say voice="x">hi &amp; bye</Say><Pause length="2"/>')
    fc.assert(
      fc.property(fc.nat(valid.length), fc.nat(6), fc.string({ maxLength: 5 }), (at, cut, insert) => {
        try {
          parseTwiml(valid.slice(0, at) + insert + valid.slice(at + cut))
        } catch (error) {
          expect(error).toBeInstanceOf(CallError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})
