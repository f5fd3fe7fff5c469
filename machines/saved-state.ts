/**
 * What is saved of a call: where it is, and what it remembers; of each of its machines by address, or, by charts 1 and 2, of the
 * only one.
 */
export type SavedState = { value: unknown; context: Record<string, unknown>; status: string }
