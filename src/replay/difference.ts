/** One thing that the chart of today does otherwise than the record says. */
export type Difference = {
  /** `event`, `state`, `value`, `effects`, `timer`, or a field such as `context.voiceId`. */
  what: string
  recorded: unknown
  reproduced: unknown
}
