/** What the vendor answers to an event that it does not take; the session goes on. */
export class ClientError extends Error {
  readonly code: string | null
  readonly param: string | null

  constructor(code: string | null, message: string, param: string | null = null) {
    super(message)
    this.name = 'ClientError'
    this.code = code
    this.param = param
  }
}
