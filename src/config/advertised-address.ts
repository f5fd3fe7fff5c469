import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Config } from '../config/config.ts'
import { readDatabaseUrl } from '../config/database-url.ts'

const EVERY_ADDRESS = ['0.0.0.0', '::', '']
/** Nothing is sent there: a datagram socket is only told its other end. */
const ANY_PORT = 9

/** Where a program on this machine connects to that was told of all addresses. */
const HERE: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1', '': '127.0.0.1' }

/** The http origin under which programs on this machine reach what listens on this host and port. */
export const originHere = (host: string, port: number): string => originOf(HERE[host] ?? host, port)

/** An address of IPv6 stands in brackets (RFC 3986, section 3.2.2). */
export const hostInUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)

const originOf = (host: string, port: number): string => `http://${hostInUrl(host)}:${port}`

/** The http origin under which FreeSWITCH reaches this process. */
export async function originTowardFreeSwitch({ sip, http }: Config, port: number): Promise<string> {
  if (sip.mediaStreamUrl) return sip.mediaStreamUrl.replace(/^ws/, 'http')
  const [server] = sip.freeswitch.servers
  return originToward(server?.host ?? '127.0.0.1', http.host, port)
}

/** The http origin under which the other nodes reach this process: where it faces the database, which they all reach. */
export async function originTowardNodes({ http, nodeUrl }: Config, databaseUrl: string, port: number) {
  if (nodeUrl) return nodeUrl
  const { host = '' } = readDatabaseUrl(databaseUrl).client
  return originToward(host.startsWith('/') ? '127.0.0.1' : host, http.host, port)
}

async function originToward(peer: string, ownHost: string, port: number): Promise<string> {
  const host = EVERY_ADDRESS.includes(ownHost) ? await addressToward(peer) : ownHost
  return originOf(host, port)
}

/** The address of ours from which the system would send to that host. */
async function addressToward(host: string): Promise<string> {
  const socket = createSocket('udp4')
  try {
    socket.connect(ANY_PORT, host)
    await once(socket, 'connect')
    return socket.address().address
  } catch {
    return '127.0.0.1'
  } finally {
    socket.close()
  }
}
