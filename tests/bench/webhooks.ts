import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import twilio from 'twilio'
import { World } from '../support/world.ts'
import { quantile, table } from './figures.ts'

/*
 * How long Twilio waits for the first TwiML: signature check and commit included, 50 new calls a second, beside a bare
 * Express route that answers the same bytes. Service, reference and load are processes of their own, measured in turn.
 */

export const WEBHOOK_GOAL = { p99Ms: 20 } as const

type Options = { callsPerSecond: number; seconds: number; rounds: number }
type Target = { origin: string; sign: (url: string, fields: Record<string, string>) => string }
type Run = { p50: number; p99: number; max: number; failed: number }

export async function benchWebhooks(postgresUrl: string, options: Options): Promise<string> {
  const settings = { MAX_CONCURRENT_CALLS: '100000', LOG_LEVEL: 'info', DRAIN_SECONDS: '0.1' }
  const world = await World.begin({ postgresUrl, settings })
  const sign: Target['sign'] = (url, fields) =>
    twilio.getExpectedTwilioSignature(world.authToken, url, fields)
  const service = { origin: world.node.origin, sign }
  const reference = await startReference(await exampleTwiml(service))
  const runs: Record<'service' | 'reference', Run[]> = { service: [], reference: [] }
  try {
    for (const target of [service, { ...service, origin: reference.origin }]) await load(target, 50, 5)
    for (let round = 0; round < options.rounds; round++) {
      runs.reference.push(
        await load({ ...service, origin: reference.origin }, options.callsPerSecond, options.seconds),
      )
      runs.service.push(await load(service, options.callsPerSecond, options.seconds))
    }
  } finally {
    reference.stop()
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

async function startReference(twiml: string): Promise<{ origin: string; stop: () => void }> {
  const file = new URL('./bare-express.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [file, twiml], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  return { origin: String(line).trim(), stop: () => child.stdin.end() }
}

function report({ service, reference }: Record<'service' | 'reference', Run[]>, options: Options): string {
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
  return [
    `First webhook of a call, ${options.callsPerSecond} calls a second, medians of ${options.rounds} rounds of ${options.seconds} s`,
    table(
      ['', 'p50 ms', 'p99 ms', 'max ms', 'failed'],
      [row('POST /webhooks/inbound', service), row('bare Express route', reference)],
    ),
    `goal: p99 <= ${WEBHOOK_GOAL.p99Ms} ms: ${p99 <= WEBHOOK_GOAL.p99Ms ? 'held' : 'MISSED'}`,
  ].join('\n')
}
