/** Some of the vendor's `error_type` values: what the simulated agent can find fault with. */
export type ErrorType =
  | 'invalid_message'
  | 'missing_fields'
  | 'missing_dynamic_variable'
  | 'override_error'
  | 'value_error'
  | 'transport_receive_timeout'
  | 'max_duration_exceeded'

/** 1000 is a normal end, 1002 the operation, 1008 a breach of the protocol by the client. */
export type CloseCode = 1000 | 1002 | 1008

/** Why a conversation cannot go on. The client gets an `error` event, then the close code. */
export class ConversationFailure extends Error {
  readonly errorType: ErrorType
  readonly closeCode: CloseCode

  constructor(errorType: ErrorType, message: string, closeCode: CloseCode = 1008) {
    super(message)
    this.errorType = errorType
    this.closeCode = closeCode
  }
}
