import type { CarrierCall } from '../../src/simulator/carrier/call.ts'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import type { SimulatedElevenLabs } from '../../src/simulator/elevenlabs/start-elevenlabs.ts'
import type { TestDatabase } from './database.ts'
import type { ServiceProcess } from './service-process.ts'
import { until } from './until.ts'

/*
 * What a story must not leave behind, whatever it was about. Each function tells what it finds, one line each.
 */

/** What is over at the carrier is over a moment later everywhere else, and a dead node is judged after five seconds. */
const PATIENCE_MS = 10_000

type Scene = { db: TestDatabase; vendor: SimulatedElevenLabs; carrier: Carrier; nodes: ServiceProcess[] }

/** Looks while the nodes still run. */
export async function leftOfCalls(scene: Scene): Promise<string[]> {
  let left: string[] = []
  const look = async () => {
    left = [
      ...liveAtCarrier(scene.carrier),
      ...(await unfinishedRows(scene.db)),
      ...scene.vendor.liveConversationIds.map((id) => `an open conversation at the vendor: ${id}`),
      ...(await strayVoices(scene)),
      ...(await deadNodes(scene)),
    ]
    return left.length === 0
  }
  await until('nothing is left of the calls', look, undefined, PATIENCE_MS).catch(() => {})
  return [...left, ...(await miswritten(scene.db))]
}

/** Looks when the nodes have stopped. */
export async function leftInProcesses(scene: {
  db: TestDatabase
  nodes: ServiceProcess[]
  env: Record<string, string>
  callers: Iterable<CarrierCall>
}): Promise<string[]> {
  const { db, nodes, env, callers } = scene
  const locked = await db.query<{ task: string }>(
    `select t.identifier as task from graphile_worker._private_jobs j
     join graphile_worker._private_tasks t on t.id = j.task_id where j.locked_at is not null`,
  )
  const isAnyoneLeft = nodes.some((node) => node.ended === 0)
  const asked = isAnyoneLeft ? await db.query<{ task: string }>('select task from actor_job') : []
  const registered = isAnyoneLeft ? await db.query('select id from service_node') : []
  return [
    ...nodes.flatMap(({ ended, origin }) =>
      ended === 0 || ended === 'SIGKILL' ? [] : [`node ${origin} ended with ${ended}`],
    ),
    ...asked.map(({ task }) => `a ${task} job that was not handed to the queue`),
    ...locked.map(({ task }) => `a ${task} job that is still taken by a node`),
    ...registered.map(() => 'a node that is still registered'),
    ...toldSecrets(nodes, env, callers),
  ]
}

const liveAtCarrier = ({ calls }: Carrier): string[] =>
  [...calls.values()].filter(({ endedAt }) => !endedAt).map(({ sid }) => `a live call at the carrier: ${sid}`)

/** Those that live take what the dead have left, as long as there are any. */
async function deadNodes({ db, nodes }: Scene): Promise<string[]> {
  const living = nodes.filter(({ ended }) => ended === null).length
  const registered = await db.query('select id from service_node')
  return living === 0 ? [] : registered.slice(living).map(() => 'a dead node whose place nobody has taken')
}

async function unfinishedRows(db: TestDatabase): Promise<string[]> {
  const calls = await db.query<{ sid: string; state: string }>(
    'select provider_call_id as sid, state from call_log where ended_at is null',
  )
  const timers = await db.query<{ sid: string; timer: string }>(
    `select c.provider_call_id as sid, t.timer_id as timer from call_timer t join call_log c on c.id = t.call_id
     where c.ended_at is not null`,
  )
  const [places] = await db.query<{ held: number }>(
    `select coalesce(sum(count), 0)::int as held from tally where name = 'in_capacity'`,
  )
  const live = calls.filter(({ state }) => state !== 'rejected').length
  return [
    ...(places?.held === live ? [] : [`${places?.held} places are held, by ${live} calls`]),
    ...calls.map(({ sid, state }) => `a call that is not over: ${sid} is ${state}`),
    ...timers.map(({ sid, timer }) => `a timer of a call that is over: ${timer} of ${sid}`),
  ]
}

/** The vendor has exactly the voices that the database says it has: no other costs a slot, none is missing. */
async function strayVoices({ db, vendor }: Scene): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `select vendor_voice_id as id from voice_clone_cache where vendor_voice_id is not null`,
  )
  const known = new Set(rows.map(({ id }) => id))
  const cloned = [...vendor.voices.values()].filter(({ category }) => category === 'cloned')
  return [
    ...cloned
      .filter(({ voiceId }) => !known.has(voiceId))
      .map(({ voiceId }) => `a voice at the vendor that nobody knows: ${voiceId}`),
    ...[...known]
      .filter((id) => !vendor.voices.has(id))
      .map((id) => `a voice that the vendor has not: ${id}`),
  ]
}

/** Every call is written once, its events have no gap, and it ends once, by its last event. */
async function miswritten(db: TestDatabase): Promise<string[]> {
  const calls = await db.query<{ sid: string; lastSeq: number; count: number; ends: number; last: string }>(
    `select c.provider_call_id as sid, c.last_seq as "lastSeq", count(*)::int as count,
            count(*) filter (where e.state_after = 'ended')::int as ends,
            (array_agg(e.state_after order by e.seq desc))[1] as last
     from call_log c join call_event e on e.call_id = c.id where c.ended_at is not null
     group by c.id`,
  )
  return calls
    .filter(({ lastSeq, count, ends, last }) => count !== lastSeq || ends !== 1 || last !== 'ended')
    .map((call) => `a call that is not written as it should be: ${JSON.stringify(call)}`)
}

/** No secret and no full number of a caller is in anything that a node printed. */
function toldSecrets(
  nodes: ServiceProcess[],
  env: Record<string, string>,
  callers: Iterable<CarrierCall>,
): string[] {
  const secrets = ['ADMIN_API_KEY', 'TWILIO_AUTH_TOKEN', 'ELEVENLABS_API_KEY', 'DATABASE_URL']
  const numbers = [...callers].map(({ from }) => from).filter((from) => from.startsWith('+'))
  const mustNotBe = [...new Set([...secrets.map((name) => env[name] ?? ''), ...numbers])].filter(Boolean)
  const forbidden = new RegExp(mustNotBe.map((text) => text.replace(/\W/g, '\\$&')).join('|'), 'g')
  return nodes.flatMap(({ output }) =>
    [...new Set(output.match(forbidden))].map(
      (text) => `a line of log with ${text}: ${output.split('\n').find((line) => line.includes(text))}`,
    ),
  )
}
