/*
 * SIP messages as text. Source: RFC 3261, section 7. Folded header lines and compact header names are understood, since
 * phones send them.
 */

export type SipRequest = { method: string; uri: string; headers: SipHeaders; body: string }
export type SipResponse = { status: number; reason: string; headers: SipHeaders; body: string }
export type SipMessage = SipRequest | SipResponse

/** Header fields in order; names are compared without regard to case. */
export class SipHeaders {
  readonly #fields: [name: string, value: string][] = []

  static of(fields: Record<string, string | number>): SipHeaders {
    const headers = new SipHeaders()
    for (const [name, value] of Object.entries(fields)) headers.add(name, `${value}`)
    return headers
  }

  get fields(): readonly (readonly [name: string, value: string])[] {
    return this.#fields
  }

  /** The first field of this name, or an empty string. */
  get(name: string): string {
    return this.#fields.find(([each]) => isSameName(each, name))?.[1] ?? ''
  }

  has(name: string): boolean {
    return this.#fields.some(([each]) => isSameName(each, name))
  }

  add(name: string, value: string): void {
    this.#fields.push([name, value])
  }

  /** Replaces every field of this name. */
  set(name: string, value: string): void {
    this.delete(name)
    this.add(name, value)
  }

  delete(name: string): void {
    const kept = this.#fields.filter(([each]) => !isSameName(each, name))
    this.#fields.splice(0, this.#fields.length, ...kept)
  }
}

export function isResponse(message: SipMessage): message is SipResponse {
  return 'status' in message
}

/** The wire form, with a Content-Length that counts bytes. */
export function writeSip(message: SipMessage): string {
  const start = isResponse(message)
    ? `SIP/2.0 ${message.status} ${message.reason}`
    : `${message.method} ${message.uri} SIP/2.0`
  const fields = message.headers.fields.filter(([name]) => !isSameName(name, 'Content-Length'))
  const lines = fields.map(([name, value]) => `${canonicalName(name)}: ${value}`)
  return [start, ...lines, `Content-Length: ${Buffer.byteLength(message.body)}`, '', message.body].join(
    '\r\n',
  )
}

/** Throws SyntaxError at what does not begin like SIP. */
export function parseSip(text: string): SipMessage {
  const end = text.indexOf('\r\n\r\n')
  const head = end < 0 ? text : text.slice(0, end)
  const body = end < 0 ? '' : text.slice(end + 4)
  const [start = '', ...lines] = head.split(/\r\n(?![ \t])/)
  const headers = new SipHeaders()
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers.add(canonicalName(line.slice(0, colon).trim()), line.slice(colon + 1).trim())
  }
  const status = /^SIP\/2\.0 (\d{3}) ?(.*)$/.exec(start)
  if (status) return { status: Number(status[1]), reason: status[2] ?? '', headers, body }
  const request = /^(\S+) (\S+) SIP\/2\.0$/.exec(start)
  if (!request) throw new SyntaxError(`"${start}" does not begin a SIP message.`)
  return { method: request[1] as string, uri: request[2] as string, headers, body }
}

/** The number in a CSeq field. */
export function numberOf({ headers }: SipMessage): number {
  return Number.parseInt(headers.get('CSeq'), 10)
}

/** The tag of a From or To field, or an empty string. */
export function tagOf(field: string): string {
  return /;\s*tag=([^;\s]+)/i.exec(field)?.[1] ?? ''
}

/** The URI in a From, To or Contact field. */
export function uriOf(field: string): string {
  return /<([^>]*)>/.exec(field)?.[1] ?? field.split(';')[0]?.trim() ?? ''
}

/** "host:port" of a SIP URI; port 5060 where it has none. */
export function addressOf(uri: string): string {
  const found = /^sips?:(?:[^@]*@)?(\[[^\]]+\]|[^:;>?]+)(?::(\d+))?/i.exec(uri)
  return found ? `${found[1]}:${found[2] ?? 5060}` : ''
}

const COMPACT: Readonly<Record<string, string>> = {
  i: 'Call-ID',
  m: 'Contact',
  l: 'Content-Length',
  c: 'Content-Type',
  f: 'From',
  s: 'Subject',
  k: 'Supported',
  t: 'To',
  v: 'Via',
  x: 'Session-Expires',
}
const IRREGULAR: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'www-authenticate': 'WWW-Authenticate',
  'min-se': 'Min-SE',
}

function canonicalName(name: string): string {
  const lower = name.toLowerCase()
  const known = COMPACT[lower] ?? IRREGULAR[lower]
  if (known) return known
  return name === lower ? lower.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) : name
}

function isSameName(a: string, b: string): boolean {
  return canonicalName(a).toLowerCase() === canonicalName(b).toLowerCase()
}

const REASONS: Readonly<Record<number, string>> = {
  100: 'Trying',
  180: 'Ringing',
  183: 'Session Progress',
  200: 'OK',
  202: 'Accepted',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  408: 'Request Timeout',
  422: 'Session Timer Too Small',
  480: 'Temporarily Unavailable',
  481: 'Call Does Not Exist',
  486: 'Busy Here',
  487: 'Request Terminated',
  488: 'Not Acceptable',
  491: 'Request Pending',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

/** A response to `request`, with the fields that every response repeats and the extra ones. */
export function responseTo(
  request: SipRequest,
  status: number,
  {
    toTag = '',
    headers = {},
    body = '',
    reason = '',
  }: { toTag?: string; headers?: Record<string, string>; body?: string; reason?: string } = {},
): SipResponse {
  const fields = new SipHeaders()
  for (const [name, value] of request.headers.fields) if (isSameName(name, 'Via')) fields.add('Via', value)
  for (const name of ['From', 'To', 'Call-ID', 'CSeq']) {
    const value = request.headers.get(name)
    fields.add(name, name === 'To' && toTag && !tagOf(value) ? `${value};tag=${toTag}` : value)
  }
  for (const [name, value] of Object.entries(headers)) fields.add(name, value)
  if (body && !fields.has('Content-Type')) fields.add('Content-Type', 'application/sdp')
  fields.set('Content-Length', `${Buffer.byteLength(body)}`)
  return { status, reason: reason || (REASONS[status] ?? 'Unknown'), headers: fields, body }
}
