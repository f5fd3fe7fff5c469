/** What went wrong on a call, under the number that Twilio gives it; `code` is null for what Twilio has no number for. */
export class CallError extends Error {
  override readonly name = 'CallError'
  readonly code: number | null

  constructor(code: number | null, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
