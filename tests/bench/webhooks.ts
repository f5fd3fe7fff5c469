import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import twilio from 'twilio'
import { World } from '../support/world.ts'
import { quantile, table } from './figures.ts'
import { startReference } from './reference.ts'

/*
 * How long Twilio waits for the first TwiML: signature check and commit included, 50 new calls a second, beside bare
 * Express routes that answer the same bytes, at once or after one row is written. Service, references and load are processes
 * of their own, measured in turn.
 */

export const WEBHOOK_GOAL = { p99Ms: 20 } as const

/** `live`: so many calls are on hold all the while. */
type Options = { callsPerSecond: number; seconds: number; rounds: number; live: number }
/** Copies of the one call that is there. */
const MORE_LIVE = `insert into call_log (id, provider, provider_call_id, direction, from_number, to_number, public_origin,
    media_secret, state, voice_state, snapshot, chart_version, last_seq)
  select gen_random_uuid(), provider, provider_call_id || i, direction, from_number, to_number, public_origin,
    media_secret, state, voice_state, snapshot, chart_version, last_seq
  from call_log, generate_series(1, $1::int) i`

const NAMES = ['bare', 'written', 'service'] as const
type Name = (typeof NAMES)[number]
type Target = { origin: string; sign: (url: string, fields: Record<string, string>) => string }
type Run = { p50: number; p99: number; max: number; failed: number }

export async function benchWebhooks(postgresUrl: string, options: Options): Promise<[string, boolean]> {
  const settings = { MAX_CONCURRENT_CALLS: '100000', LOG_LEVEL: 'info', DRAIN_SECONDS: '0.1' }
  const world = await World.begin({ postgresUrl, settings })
  const sign: Target['sign'] = (url, fields) =>
    twilio.getExpectedTwilioSignature(world.authToken, url, fields)
  const service = { origin: world.node.origin, sign }
  const reference = await startReference('./bare-express.ts', [await exampleTwiml(service), world.db.url])
  await world.db.query(MORE_LIVE, [options.live - 1])
  const targets: Record<Name, Target> = {
    service,
    bare: { ...service, origin: reference.origin },
    written: { ...service, origin: `${reference.origin}/written` },
  }
  const runs: Record<Name, Run[]> = { service: [], bare: [], written: [] }
  try {
    for (const target of Object.values(targets)) await load(target, 50, 5)
    for (let round = 0; round < options.rounds; round++)
      for (const name of NAMES)
        runs[name].push(await load(targets[name], options.callsPerSecond, options.seconds))
  } finally {
    await reference.stop()
    // Nobody led these calls to their end.
    await world.db.query('truncate call_log cascade')
    await world.end()
  }
  return report(runs, options)
}

async function load(target: Target, callsPerSecond: number, seconds: number): Promise<Run> {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const begun = performance.now()
  const calls: Promise<number | null>[] = []
  for (let call = 0; call < callsPerSecond * seconds; call++) {
    const due = begun + (call * 1000) / callsPerSecond
    if (due > performance.now()) await sleep(due - performance.now())
    calls.push(inbound(target, agent))
  }
  const times = await Promise.all(calls)
  agent.destroy()
  const answered = times.filter((time) => time !== null)
  return {
    p50: quantile(answered, 0.5),
    p99: quantile(answered, 0.99),
    max: Math.max(...answered),
    failed: times.length - answered.length,
  }
}

/** Milliseconds from the first byte sent to the last one received; null when the answer was not TwiML. */
async function inbound(target: Target, agent: Agent): Promise<number | null> {
  const begun = performance.now()
  const answer = await post(target, agent)
  return answer.includes('<Response>') ? performance.now() - begun : null
}

async function post({ origin, sign }: Target, agent?: Agent): Promise<string> {
  const url = `${origin}/webhooks/inbound`
  const fields = {
    CallSid: `CA${randomBytes(16).toString('hex')}`,
    AccountSid: `AC${'0'.repeat(32)}`,
    From: '+15550100002',
    To: '+15550199999',
    CallStatus: 'ringing',
    Direction: 'inbound',
    ApiVersion: '2010-04-01',
  }
  const body = new URLSearchParams(fields).toString()
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': Buffer.byteLength(body),
    'x-twilio-signature': sign(url, fields),
    'i-twilio-idempotency-token': randomBytes(16).toString('hex'),
  }
  const sent = request(url, { method: 'POST', headers, agent })
  sent.end(body)
  const [response] = await once(sent, 'response')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

const exampleTwiml = (target: Target) => post(target)

function report({ service, bare, written }: Record<Name, Run[]>, options: Options): [string, boolean] {
  const median = (runs: Run[], field: keyof Run) =>
    quantile(
      runs.map((run) => run[field]),
      0.5,
    )
  const row = (name: string, runs: Run[]) => [
    name,
    ...(['p50', 'p99', 'max'] as const).map((field) => median(runs, field).toFixed(1)),
    String(runs.reduce((sum, run) => sum + run.failed, 0)),
  ]
  const p99 = median(service, 'p99')
  const isHeld = p99 <= WEBHOOK_GOAL.p99Ms
  const text = [
    `First webhook of a call, ${options.callsPerSecond} calls a second while ${options.live} live, medians of ${options.rounds} rounds of ${options.seconds} s`,
    table(
      ['', 'p50 ms', 'p99 ms', 'max ms', 'failed'],
      [
        row('POST /webhooks/inbound', service),
        row('bare Express route that writes one row', written),
        row('bare Express route', bare),
      ],
    ),
    `goal: p99 <= ${WEBHOOK_GOAL.p99Ms} ms: ${isHeld ? 'held' : 'MISSED'}`,
  ].join('\n')
  return [text, isHeld]
}
