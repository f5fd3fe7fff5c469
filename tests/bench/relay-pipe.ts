import { once } from 'node:events'
import { WebSocket, WebSocketServer } from 'ws'
import { urlOf } from './load-ends.ts'
import { answer, cpuMs } from './relay-child.ts'

/* The reference: what `ws` itself costs when every message goes on unchanged. */

const upstream = process.argv[2] as string
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })

server.on('connection', (carrier) => {
  const agent = new WebSocket(upstream, { perMessageDeflate: false })
  const opened = once(agent, 'open')
  carrier.once('message', async (first, isBinary) => {
    await opened
    agent.send(first, { binary: isBinary })
    carrier.on('message', (data, binary) => agent.send(data, { binary }))
  })
  agent.on('message', (data, binary) => carrier.send(data, { binary }))
  carrier.on('close', () => agent.close())
  agent.on('close', () => carrier.close())
})

answer({
  listen: async () => `${await urlOf(server)}/media-stream/`,
  cpu: cpuMs,
})
