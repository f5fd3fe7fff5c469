import type { CallHost } from '../calls/call-host.ts'
import type { CarrierCalls } from '../calls/ports.ts'
import { carrierCalls } from './carrier-calls.ts'

/** The calls as Twilio's webhooks see them. */
export const twilioCalls = (host: CallHost, onGreeted: (seconds: number) => void): CarrierCalls =>
  carrierCalls(host, 'twilio', onGreeted)
