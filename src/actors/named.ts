/** What the log calls an actor: `{ callId }` of a call. */
export const named = (kind: string, id: string): Record<string, string> => ({ [`${kind}Id`]: id })
