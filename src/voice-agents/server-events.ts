import { parseJson } from './parse-json.ts'

/* The events of a vendor's socket, which are JSON: each is read by its type, and by a schema. */

/** Not a message of the protocol; `why` says what is wrong in a few words. */
export type Invalid = { kind: 'invalid'; why: string }
/** A type that this service has no use for, or that the vendor added since. */
export type Other = { kind: 'other' }

export type EventReader<Message> = (event: unknown) => Message

/** Of a validator, what is asked of it here. */
type Schema<Event> = {
  safeParse(
    event: unknown,
  ): { success: true; data: Event } | { success: false; error: { issues: { path: PropertyKey[] }[] } }
}

export const invalid = (why: string): Invalid => ({ kind: 'invalid', why })

export function reader<Event, Message>(
  schema: Schema<Event>,
  toMessage: (event: Event) => Message,
): EventReader<Message | Invalid> {
  return (event) => {
    const parsed = schema.safeParse(event)
    if (parsed.success) return toMessage(parsed.data)
    return invalid(`${parsed.error.issues[0]?.path.join('.')} is not as the protocol says`)
  }
}

/** Reads one event by the reader of its type. Never throws. */
export function readEvent<Message>(
  readers: ReadonlyMap<string, EventReader<Message>>,
  text: string,
): Message | Invalid | Other {
  const event = parseJson(text)
  if (typeof event !== 'object' || event === null) return invalid('not a JSON object')
  if (!('type' in event) || typeof event.type !== 'string') return invalid('no type')
  return readers.get(event.type)?.(event) ?? { kind: 'other' }
}
