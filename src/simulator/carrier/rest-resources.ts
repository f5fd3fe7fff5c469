import type { CarrierCall } from './call.ts'
import { rfc2822 } from './call-fields.ts'
import type { PhoneNumber } from './phone-number.ts'

/*
 * The REST API's resources as JSON, with the fields of twilio.com/docs/voice/api/call-resource and its siblings.
 */

const API_VERSION = '2010-04-01'

export function accountPath(accountSid: string): string {
  return `/${API_VERSION}/Accounts/${accountSid}`
}

export function accountResource(accountSid: string, since: Date) {
  return {
    sid: accountSid,
    friendly_name: 'Simulated carrier',
    status: 'active',
    type: 'Full',
    owner_account_sid: accountSid,
    date_created: rfc2822(since),
    date_updated: rfc2822(since),
    uri: `${accountPath(accountSid)}.json`,
    subresource_uris: {},
  }
}

export function callResource(call: CarrierCall, accountSid: string, numberSid: string) {
  return {
    sid: call.sid,
    account_sid: accountSid,
    parent_call_sid: null,
    phone_number_sid: numberSid,
    from: call.from,
    from_formatted: call.from,
    to: call.to,
    to_formatted: call.to,
    status: call.status,
    direction: 'inbound',
    answered_by: null,
    caller_name: null,
    forwarded_from: null,
    group_sid: null,
    trunk_sid: '',
    queue_time: '0',
    price: null,
    price_unit: 'USD',
    annotation: null,
    duration: call.endedAt && `${call.seconds}`,
    date_created: rfc2822(call.placedAt),
    date_updated: rfc2822(call.endedAt ?? call.placedAt),
    start_time: rfc2822(call.placedAt),
    end_time: call.endedAt && rfc2822(call.endedAt),
    api_version: API_VERSION,
    uri: `${accountPath(accountSid)}/Calls/${call.sid}.json`,
    subresource_uris: {},
  }
}

export function numberResource(number: PhoneNumber, accountSid: string, since: Date) {
  return {
    sid: number.sid,
    account_sid: accountSid,
    phone_number: number.phoneNumber,
    friendly_name: number.phoneNumber,
    capabilities: { voice: true, sms: false, mms: false, fax: false },
    voice_url: number.voiceUrl,
    voice_method: number.voiceMethod,
    voice_fallback_url: number.voiceFallbackUrl,
    voice_fallback_method: number.voiceFallbackMethod,
    voice_caller_id_lookup: false,
    status_callback: number.statusCallback,
    status_callback_method: number.statusCallbackMethod,
    status: 'in-use',
    api_version: API_VERSION,
    date_created: rfc2822(since),
    date_updated: rfc2822(since),
    uri: `${accountPath(accountSid)}/IncomingPhoneNumbers/${number.sid}.json`,
  }
}

/** A list of which everything fits on the first page. */
export function pageOf(name: string, items: object[], uri: string) {
  return {
    [name]: items,
    page: 0,
    page_size: 50,
    start: 0,
    end: Math.max(0, items.length - 1),
    uri,
    first_page_uri: uri,
    next_page_uri: null,
    previous_page_uri: null,
  }
}
