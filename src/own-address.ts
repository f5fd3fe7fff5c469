import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { Config } from './config.ts'

const EVERY_ADDRESS = ['0.0.0.0', '::', '']
/** Nothing is sent there: a datagram socket is only told its other end. */
const ANY_PORT = 9

/** The http origin under which FreeSWITCH reaches this process. */
export async function originTowardFreeSwitch({ sip, http }: Config, port: number): Promise<string> {
  if (sip.mediaStreamUrl) return sip.mediaStreamUrl.replace(/^ws/, 'http')
  const [server] = sip.freeswitch.servers
  const host = EVERY_ADDRESS.includes(http.host)
    ? await addressToward(server?.host ?? '127.0.0.1')
    : http.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
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
