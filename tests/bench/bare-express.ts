import express from 'express'
import pg from 'pg'

/*
 * The references for the webhooks: bare Express routes that answer the same bytes. One does nothing else, the other first
 * writes one row, as whoever remembers anything of a call has to. It prints its origin once it listens, and ends with its
 * standard input. Arguments: the TwiML, and a database.
 */

const [, , twiml = '', database = ''] = process.argv
const pool = new pg.Pool({ connectionString: database, max: 8 })
await pool.query('create table if not exists bare_call (sid text primary key, fields jsonb not null)')
const app = express()
app.use(express.urlencoded({ extended: false }))
app.post('/webhooks/inbound', (_req, res) => {
  res.type('text/xml').send(twiml)
})
app.post('/written/webhooks/inbound', async (req, res) => {
  await pool.query('insert into bare_call values ($1, $2)', [req.body.CallSid, req.body])
  res.type('text/xml').send(twiml)
})
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address && typeof address === 'object') process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})
process.stdin.on('end', () => process.exit(0)).resume()
