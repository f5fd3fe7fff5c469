import type { Method } from './webhooks.ts'

/** A number of the account, and what Twilio asks when it is called. */
export type PhoneNumber = {
  sid: string
  phoneNumber: string
  /** Asked for TwiML when a call comes in; empty means that nobody is. */
  voiceUrl: string
  voiceMethod: Method
  /** Asked instead when that, or what it led to, fails; empty means that the caller hears an application error. */
  voiceFallbackUrl: string
  voiceFallbackMethod: Method
  /** Told when a call is over; empty means that nobody is. */
  statusCallback: string
  statusCallbackMethod: Method
}
