import type { IncomingMessage } from 'node:http'
import type { Router } from 'express'
import type { Logger } from 'pino'
import type { LegName, Telephony } from '../../calls/ports.ts'
import type { CarrierCalls } from '../calls-port.ts'
import { TwilioMediaStream } from './media-stream.ts'
import { checkTwilioAccount, createTwilioClient, silentTelephony, twilioTelephony } from './rest.ts'
import { checkUpgrade, type SignatureCheck } from './signature.ts'
import type { HoldMusic } from './twiml.ts'
import { twilioWebhooks } from './webhooks.ts'

export type TwilioOptions = {
  accountSid: string | null
  authToken: string | null
  apiBaseUrl: string
  skipSignatureValidation: boolean
  publicUrl: string | null
  calls: CarrierCalls
  greeting: () => { path: string | null; text: string }
  hold: HoldMusic
  isLeaving: () => boolean
  onRejected: (reason: string) => void
  log: Logger
}

/** Everything that joins Twilio to this service. */
export type TwilioAdapter = {
  webhooks: Router
  telephony: Telephony
  /** `ok`, or what is wrong with the account in a few words; null without credentials. */
  checkAccount: (() => Promise<string>) | null
  mediaRoute: {
    path: '/media-stream/'
    codec: () => TwilioMediaStream
    checkUpgrade: (request: IncomingMessage) => { ok: true } | { ok: false; status: number; reason: string }
    hangUp: (leg: LegName) => Promise<void>
  }
}

export function twilioAdapter(options: TwilioOptions): TwilioAdapter {
  const { accountSid, authToken, apiBaseUrl, publicUrl, onRejected } = options
  const signature: SignatureCheck = { authToken, publicUrl, skip: options.skipSignatureValidation }
  const client = accountSid && authToken ? createTwilioClient({ accountSid, authToken, apiBaseUrl }) : null
  const telephony = client ? twilioTelephony(client, options.log) : silentTelephony
  return {
    webhooks: twilioWebhooks({ ...options, signature }),
    telephony,
    checkAccount: client && accountSid ? () => checkTwilioAccount(client, accountSid) : null,
    mediaRoute: {
      path: '/media-stream/',
      codec: () => new TwilioMediaStream(),
      hangUp: (leg) => telephony.hangUp(leg),
      checkUpgrade(request) {
        if (checkUpgrade(request, signature) === 'valid') return { ok: true }
        onRejected('signature_wrong')
        return { ok: false, status: 403, reason: 'The X-Twilio-Signature header is wrong.' }
      },
    },
  }
}
