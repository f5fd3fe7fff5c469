import { setTimeout as pause } from 'node:timers/promises'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { loudest, type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { quantile, table } from './figures.ts'

/*
 * What a SIP caller waits for, and what a call costs our process: calls through a real drachtio-server and FreeSWITCH, with
 * phones on this machine that send and receive RTP. FreeSWITCH's and drachtio's own time is theirs.
 */

/** Far above a line's noise: the first frame that is louder is the first that is heard. */
const AUDIBLE = 300
/** So many callers dial in a second. */
const CALLS_PER_SECOND = 10

export const SIP_USAGE =
  'The SIP figures need real servers: set DRACHTIO_HOST, DRACHTIO_SECRET, FREESWITCH_HOST and FREESWITCH_SECRET.'

type Waits = { answeredMs: number; greetedMs: number; agentMs: number; seconds: number; outcome: string }

export async function benchSip(
  postgresUrl: string,
  { calls, talkSeconds }: { calls: number; talkSeconds: number },
): Promise<string> {
  if (!REAL_SERVERS) return SIP_USAGE
  const sip = await SipWorld.begin({
    postgresUrl,
    settings: { LOG_LEVEL: 'warn', MAX_CONCURRENT_CALLS: '500' },
  })
  try {
    // The first call loads what is only loaded once.
    await oneCall(sip, allTalk(sip, 1))
    const together = Promise.withResolvers<void>()
    const before = await processorSeconds(sip)
    const running = Array.from({ length: calls }, async (_, index) => {
      await pause((index * 1000) / CALLS_PER_SECOND)
      return oneCall(sip, together.promise)
    })
    await allTalk(sip, calls)
    const talkedFrom = await processorSeconds(sip)
    await pause(talkSeconds * 1000)
    const talkedTo = await processorSeconds(sip)
    together.resolve()
    const waits = await Promise.all(running)
    const spent = (await processorSeconds(sip)) - before
    return report(waits, {
      perWholeCall: spent,
      perTalk: (talkedTo - talkedFrom) / (calls * talkSeconds),
      calls,
    })
  } finally {
    await sip.end()
  }
}

/** From dialling to hanging up, which is when `until` is over. Nothing is asked of the database before. */
async function oneCall(sip: SipWorld, until: Promise<void>): Promise<Waits> {
  const dialledAt = performance.now()
  const call = sip.call()
  const heardAt = listen(call)
  const { status } = await call.line.final
  const answeredAt = performance.now()
  if (status !== 200) throw new Error(`A call was answered with ${status}.`)
  await until
  const readyAt = await wallTimeOf(sip, call, 'agent.ready')
  const greeted = heardAt.find(({ level }) => level > AUDIBLE)
  const spoken = heardAt.find(({ at, level }) => at >= readyAt && level > AUDIBLE)
  await call.line.bye()
  return {
    answeredMs: answeredAt - dialledAt,
    greetedMs: (greeted?.at ?? Number.NaN) - dialledAt,
    agentMs: (spoken?.at ?? Number.NaN) - readyAt,
    seconds: (performance.now() - answeredAt) / 1000,
    outcome: await call.outcome(),
  }
}

/** When each frame came, and how loud it was. */
function listen({ line: { voice } }: SipStoryCall): { at: number; level: number }[] {
  const heard: { at: number; level: number }[] = []
  const hear = voice.hear.bind(voice)
  voice.hear = (frame) => {
    heard.push({ at: performance.now(), level: loudest(frame) })
    hear(frame)
  }
  return heard
}

/** When it was written down, on this process's clock. */
async function wallTimeOf(sip: SipWorld, call: SipStoryCall, type: string): Promise<number> {
  const [row] = await sip.world.db.query<{ at: Date }>(
    `select e.at from call_event e join call_log c on c.id = e.call_id
     where c.provider_call_id = $1 and e.type = $2`,
    [call.sid, type],
  )
  return (row?.at.getTime() ?? Number.NaN) - performance.timeOrigin
}

async function allTalk(sip: SipWorld, calls: number): Promise<void> {
  const sql = `select count(*)::int as n from call_log where bridge = 'talking' and ended_at is null`
  while (((await sip.world.db.query<{ n: number }>(sql))[0]?.n ?? 0) < calls) await pause(250)
}

/** Of the service's process, as it tells Prometheus. */
async function processorSeconds({ world }: SipWorld): Promise<number> {
  const headers = { authorization: `Bearer ${world.adminKey}` }
  const text = await (await fetch(`${world.node.origin}/metrics`, { headers })).text()
  return Number(/^process_cpu_seconds_total (\S+)$/m.exec(text)?.[1])
}

function report(
  waits: Waits[],
  { perWholeCall, perTalk, calls }: { perWholeCall: number; perTalk: number; calls: number },
): string {
  const row = (name: string, values: number[]) => [
    name,
    ...[0.5, 0.99].map((share) => quantile(values, share).toFixed(0)),
  ]
  const lost = waits.filter(({ outcome }) => outcome !== 'caller_hung_up').length
  const callSeconds = waits.reduce((sum, { seconds }) => sum + seconds, 0)
  return [
    `SIP through real servers, ${calls} calls at once, ${CALLS_PER_SECOND} dialled a second: ${lost} lost`,
    table(
      ['', 'p50 ms', 'p99 ms'],
      [
        row(
          'INVITE to 200',
          waits.map(({ answeredMs }) => answeredMs),
        ),
        row(
          'INVITE to the first audible packet of the greeting',
          waits.map(({ greetedMs }) => greetedMs),
        ),
        row(
          'agent ready, and its first audio here, to RTP',
          waits.map(({ agentMs }) => agentMs),
        ),
      ],
    ),
    `processor time of our process: ${((perWholeCall / callSeconds) * 1000).toFixed(2)} ms a call-second, all told; ` +
      `${(perTalk * 1000).toFixed(2)} ms while all talk`,
  ].join('\n')
}
