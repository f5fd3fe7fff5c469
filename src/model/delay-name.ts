const AFTER = 'xstate.after.'

/** The name of the delay, or its milliseconds, whose end this event is; null for an event that is not a timer's. */
export function delayName(eventType: string): string | null {
  return eventType.startsWith(AFTER) ? (eventType.slice(AFTER.length).split('.', 1)[0] ?? null) : null
}
