import express from 'express'

/*
 * The reference for the webhooks: a bare Express route that answers the same bytes and does nothing else. It prints its
 * origin once it listens, and ends with its standard input.
 */

const twiml = process.argv[2] ?? ''
const app = express()
app.post('/webhooks/inbound', express.urlencoded({ extended: false }), (_req, res) => {
  res.type('text/xml').send(twiml)
})
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
process.stdin.on('end', () => process.exit(0)).resume()
