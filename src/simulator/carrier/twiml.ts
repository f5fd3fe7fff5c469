import { z } from 'zod'
import { CallError } from './call-error.ts'
import { ELEMENTS, isSsml, OTHER_VERBS, PERFORMED_VERBS } from './twiml-schema.ts'
import { type Element, parseXml } from './xml.ts'

const method = z.enum(['GET', 'POST']).default('POST')
/** How often; 0 means for as long as the call lasts. */
const loop = z.coerce.number().int().min(0).default(1)

const stream = z.object({
  url: z.string().min(1),
  name: z.string().optional(),
  // Only the caller's voice can go into a stream in <Connect>.
  track: z.literal('inbound_track').default('inbound_track'),
  statusCallback: z.string().optional(),
  statusCallbackMethod: method,
})

/** Each verb's attributes and content, checked; the defaults are Twilio's. */
const verbs = z.discriminatedUnion('verb', [
  z.object({
    verb: z.literal('Say'),
    text: z.string(),
    voice: z.string().optional(),
    language: z.string().optional(),
    loop,
  }),
  z.object({ verb: z.literal('Play'), text: z.string().min(1), loop }),
  z.object({ verb: z.literal('Pause'), length: z.coerce.number().int().min(0).default(1) }),
  z.object({ verb: z.literal('Redirect'), text: z.string().min(1), method }),
  z.object({
    verb: z.literal('Connect'),
    action: z.string().optional(),
    method,
    stream,
    parameters: z.record(z.string(), z.string()),
  }),
  z.object({ verb: z.literal('Hangup') }),
  z.object({ verb: z.literal('Reject'), reason: z.enum(['rejected', 'busy']).default('rejected') }),
])

export type Verb = z.output<typeof verbs>
export type VerbOf<Name extends Verb['verb']> = Extract<Verb, { verb: Name }>

/** Twilio's limits are lower for most calls; this only bounds what is looked at. */
const MAX_VERBS = 1000

/**
 * Reads a TwiML document into its verbs, in document order. Throws CallError: 12100 not XML, 12102 not a <Response>,
 * 12200 not TwiML, no code for TwiML that this carrier does not perform.
 * NOTE: Twilio only warns of 12200 and skips what it does not know; here the call ends, so that no mistake goes unnoticed.
 */
export function parseTwiml(document: string): Verb[] {
  const root = parseXml(document)
  if (root.name !== 'Response')
    throw new CallError(12102, `The root element of TwiML must be <Response>; it is <${root.name}>.`)
  if (root.children.length > MAX_VERBS) throw notTwiml(`there are more than ${MAX_VERBS} verbs.`)
  if (root.hasOwnText) throw notTwiml('<Response> cannot hold text.')
  return root.children.map(readVerb)
}

function readVerb(element: Element): Verb {
  if (OTHER_VERBS.includes(element.name)) throw notPerformed(`<${element.name}>`)
  if (element.name === 'Play' && 'digits' in element.attributes) throw notPerformed('<Play digits>')
  if (!(PERFORMED_VERBS as readonly string[]).includes(element.name))
    throw notTwiml(`<${element.name}> is not a verb.`)
  checkElement(element)
  const found = verbs.safeParse({ verb: element.name, ...element.attributes, ...contentOf(element) })
  if (found.success) return found.data
  const [issue] = found.error.issues
  throw notTwiml(`<${element.name}> ${issue?.path.join(' ')}: ${issue?.message}`)
}

function contentOf(element: Element) {
  if (element.name !== 'Connect') return { text: element.text }
  const stream = element.children[0]
  const parameters = stream?.children.map(({ attributes }) => [attributes.name ?? '', attributes.value ?? ''])
  return { stream: stream?.attributes, parameters: Object.fromEntries(parameters ?? []) }
}

/** Looks for attributes, children and text that do not belong there. */
function checkElement({ name, attributes, hasOwnText, children }: Element): void {
  const schema = ELEMENTS[name]
  if (!schema) throw notTwiml(`<${name}> is not an element.`)
  for (const attribute of Object.keys(attributes))
    if (!schema.attributes.includes(attribute)) throw notTwiml(`<${name}> has no attribute "${attribute}".`)
  for (const child of children) {
    if (!schema.children.includes(child.name)) throw notTwiml(`<${child.name}> cannot stand in <${name}>.`)
    if (!isSsml(child.name)) checkElement(child)
  }
  if (hasOwnText && !schema.hasText) throw notTwiml(`<${name}> cannot hold text.`)
  if (name === 'Connect' && children.length !== 1) throw notTwiml('<Connect> must hold one <Stream>.')
}

function notPerformed(what: string): CallError {
  return new CallError(null, `${what} is TwiML, but this simulated carrier does not perform it.`)
}

function notTwiml(why: string): CallError {
  return new CallError(12200, `This is not TwiML: ${why}`)
}
