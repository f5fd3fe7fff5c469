import { createServer } from 'node:http'

/*
 * The reference for stalls: a server that reads whatever it is sent, throws it away and says that this was well. It prints its
 * origin once it listens, and ends with its standard input.
 */

const server = createServer((req, res) => {
  req.resume().on('end', () => res.setHeader('content-type', 'application/json').end('{}'))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
process.stdin.on('end', () => process.exit(0)).resume()
