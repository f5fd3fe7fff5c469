import { z } from 'zod'
import type { EndedBy, FinalStatus, TimelineEntry } from '../carrier/timeline.ts'

/*
 * What goes over the handset's WebSocket beside the sound: JSON as text. The sound itself is binary, mu-law at 8 kHz, in
 * both directions.
 */

/** Where the handset's socket is, on the service's own origin. */
export const PHONE_PATH = '/simulator/phone'

const handsetMessage = z.discriminatedUnion('type', [
  /** A number in E.164, or what carriers put in its place: `anonymous`, `client:name`, `sip:user@host`. */
  z.object({
    type: z.literal('dial'),
    from: z.string().regex(/^\+?[\w.:@-]{1,64}$/),
    /** The number that is called; the carrier's own by default. */
    to: z
      .string()
      .regex(/^\+?[\w.:@-]{1,64}$/)
      .optional(),
    /** What the carrier says of the caller's number, such as `TN-Validation-Passed-B`; null for nothing, left out as usual. */
    stirVerstat: z
      .string()
      .regex(/^[\w-]{1,64}$/)
      .nullish(),
  }),
  z.object({ type: z.literal('digit'), digit: z.string().regex(/^[\d*#]$/) }),
  z.object({ type: z.literal('hangup') }),
])

/** What the person with the handset does. */
export type HandsetMessage = z.output<typeof handsetMessage>

/** What the handset is told. */
export type PhoneMessage =
  | { type: 'ringing'; callSid: string }
  | { type: 'timeline'; entry: TimelineEntry }
  | { type: 'ended'; reason: FinalStatus; by: EndedBy }
  /** Something asked for could not be done; a call that is live goes on. */
  | { type: 'error'; message: string }

/** Reads a text message of the handset. Throws an Error whose message says what is wrong with it. */
export function readHandsetMessage(text: string): HandsetMessage {
  const { data, error } = handsetMessage.safeParse(parsed(text))
  if (data) return data
  const [issue] = error.issues
  throw new Error(`This is no message of a handset: ${issue?.path.join('.')}: ${issue?.message}`)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error('This is no message of a handset: it is not JSON.')
  }
}
