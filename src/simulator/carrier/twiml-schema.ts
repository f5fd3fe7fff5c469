/*
 * Which elements and attributes TwiML for voice knows. Source: the attributes in Twilio's own helper library
 * (VoiceResponse) and twilio.com/docs/voice/twiml. Elements that this carrier does not act out are here too, so that they
 * can be told from misspelled ones.
 */

type ElementSchema = { attributes: readonly string[]; children: readonly string[]; hasText: boolean }

/** Marks up how a text is spoken; here only the text counts. */
const SSML = ['break', 'emphasis', 'lang', 'p', 'phoneme', 'prosody', 's', 'say-as', 'sub', 'w'] as const

const element = (
  attributes: readonly string[],
  children: readonly string[] = [],
  hasText = false,
): ElementSchema => ({
  attributes,
  children,
  hasText,
})

/** The verbs that the simulated carrier performs, with what may stand in them. */
export const ELEMENTS: Readonly<Record<string, ElementSchema>> = {
  Say: element(['voice', 'language', 'loop'], SSML, true),
  Play: element(['loop', 'digits'], [], true),
  Pause: element(['length']),
  Redirect: element(['method'], [], true),
  Connect: element(['action', 'method'], ['Stream']),
  Stream: element(
    ['url', 'name', 'track', 'statusCallback', 'statusCallbackMethod', 'connectorName'],
    ['Parameter'],
  ),
  Parameter: element(['name', 'value']),
  Hangup: element([]),
  Reject: element(['reason']),
}

/** What may stand directly in a <Response>. */
export const PERFORMED_VERBS = ['Say', 'Play', 'Pause', 'Redirect', 'Connect', 'Hangup', 'Reject'] as const

/** Right in TwiML, and not performed here. */
export const OTHER_VERBS: readonly string[] = [
  'Dial',
  'Echo',
  'Enqueue',
  'Gather',
  'Leave',
  'Pay',
  'Prompt',
  'Queue',
  'Record',
  'Refer',
  'Sms',
  'Start',
  'Stop',
]

export const isSsml = (name: string) => (SSML as readonly string[]).includes(name)
