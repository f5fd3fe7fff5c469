import { openTurnstiles } from './turnstile-host.ts'

/* A node that hosts turnstiles until it is killed: it opens one, has a coin put in, and says which it is. */

const [url = '', nodeId = ''] = process.argv.slice(2)
const node = await openTurnstiles(url, nodeId)
node.host.start()
const id = await node.begin()
await node.host.send(id, { type: 'coin' })
process.send?.({ id })
