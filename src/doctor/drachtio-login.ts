import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'

/*
 * The first words of drachtio-server's control connection: each message follows its length in bytes and a "#".
 * Source: drachtio-server, src/client.cpp; drachtio-srf, lib/wire-protocol.js.
 */

const LIMIT_MS = 3_000

export type Login =
  /** `contacts`: where it takes SIP, such as `udp/192.0.2.1:5060`. */
  { kind: 'accepted'; version: string; contacts: string[] } | { kind: 'refused' } | { kind: 'no drachtio' }

/** Logs in as an application that wants no calls, and leaves. Rejects when nothing answers. */
export async function logInToDrachtio(host: string, port: number, secret: string): Promise<Login> {
  const socket = connect({ host, port, noDelay: true })
  try {
    socket.setTimeout(LIMIT_MS, () => socket.destroy(Object.assign(new Error(), { code: 'ETIMEDOUT' })))
    await once(socket, 'connect')
    const message = `${randomUUID()}|authenticate|${secret}|`
    socket.write(`${Buffer.byteLength(message)}#${message}`)
    const [answer] = (await Promise.race([once(socket, 'data'), once(socket, 'close')])) as [Buffer | boolean]
    return read(String(answer))
  } finally {
    socket.destroy()
  }
}

function read(answer: string): Login {
  const [length, type, , outcome, contacts = '', version = ''] = answer.split('|')
  if (!/^\d+#/.test(length ?? '') || type !== 'response') return { kind: 'no drachtio' }
  if (outcome !== 'OK') return { kind: 'refused' }
  return { kind: 'accepted', version, contacts: contacts.split(',') }
}
