import { randomUUID } from 'node:crypto'

/** An event of FreeSWITCH: header fields and perhaps a body. */
export type SwitchEvent = { name: string; fields: Record<string, string>; body: string }

const CORE_UUID = randomUUID()
let sequence = 0

/** Completes an event with what stands in every event. */
export function switchEvent(name: string, fields: Record<string, string> = {}, body = ''): SwitchEvent {
  const now = new Date()
  return {
    name,
    fields: {
      'Event-Name': name,
      'Core-UUID': CORE_UUID,
      'FreeSWITCH-Hostname': 'simulated',
      'FreeSWITCH-Switchname': 'simulated',
      'FreeSWITCH-IPv4': '127.0.0.1',
      'FreeSWITCH-IPv6': '::1',
      'Event-Date-Local': now.toISOString().slice(0, 19).replace('T', ' '),
      'Event-Date-GMT': now.toUTCString(),
      'Event-Date-Timestamp': `${now.getTime()}000`,
      'Event-Sequence': `${++sequence}`,
      ...fields,
    },
    body,
  }
}

export function eventAsJson({ fields, body }: SwitchEvent): string {
  const bodied = body && { 'Content-Length': `${Buffer.byteLength(body)}`, _body: body }
  return JSON.stringify({ ...fields, ...(bodied || {}) })
}

/** One "Name: value" a line, the values percent-encoded. */
export function eventAsText({ fields, body }: SwitchEvent): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${encodeURIComponent(value)}`)
  return body
    ? `${[...lines, `Content-Length: ${Buffer.byteLength(body)}`].join('\n')}\n\n${body}`
    : `${lines.join('\n')}\n`
}
