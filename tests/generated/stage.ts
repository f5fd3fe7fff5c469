import { setTimeout as sleep } from 'node:timers/promises'
import { vi } from 'vitest'
import type { CallInput } from '../../machines/call-events.ts'
import type { CarrierName } from '../../src/model/model-options.ts'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { type BeginCarrier, CARRIERS, type PlayedCarrier } from './carriers.ts'

/** Who calls, and what is known of their voice. */
export type Caller = {
  from: string
  /** Of the sample on file. */
  sampleKey: string | null
  cloneName: string | null
  /** Of the clone that was made for an earlier call. */
  cachedVoiceId: string | null
}

/** A node, and the carrier whose calls it takes. */
type Entrance = { node: ServiceProcess; carrier: PlayedCarrier }

/**
 * Three nodes on one database, so that a call can begin in each of the ways that a chart's input tells apart: at one that
 * takes calls, at one whose lines are all taken, and at one that is going down.
 */
export class Stage {
  readonly world: ScriptedWorld
  readonly #open: Entrance
  readonly #full: Entrance
  readonly #draining: Entrance
  #callers = 0
  #turn = 0

  private constructor(world: ScriptedWorld, entrances: [Entrance, Entrance, Entrance]) {
    this.world = world
    ;[this.#open, this.#full, this.#draining] = entrances
  }

  static async set(name: CarrierName): Promise<Stage> {
    const world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn', DRAIN_SECONDS: '600' })
    const enter = async (begin: BeginCarrier, settings: Record<string, string> = {}): Promise<Entrance> => {
      const carrier = await begin(world)
      const node = await world.startNode({ ...carrier.settings, ...settings })
      await carrier.join(node)
      return { node, carrier }
    }
    const { begin, beginForRefusals = begin } = CARRIERS[name]
    const open = await enter(begin)
    const [full, draining] = await Promise.all([
      // One call takes all the lines of this node, wherever it lives.
      enter(beginForRefusals, { MAX_CONCURRENT_CALLS: '1' }),
      enter(beginForRefusals),
    ])
    const stage = new Stage(world, [open, full, draining])
    await holdTimers(world)
    await Promise.all([stage.#keepCall(open.node), stage.#keepCall(draining.node)])
    await stage.#leaveNoSuccessor()
    await stage.#drain(draining.node)
    return stage
  }

  /** The node at which a call of this input begins. */
  originFor({ admission }: CallInput): string {
    return this.#entranceFor(admission).node.origin
  }

  /** The carrier by which it comes there. */
  carrierFor({ admission }: CallInput): PlayedCarrier {
    return this.#entranceFor(admission).carrier
  }

  /** Any node, each in its turn. */
  nextOrigin(): string {
    const entrances = [this.#open, this.#full, this.#draining]
    return (entrances[this.#turn++ % entrances.length] ?? this.#open).node.origin
  }

  /** A caller of whom is known what this input says, and who never called before. */
  async caller({ voice }: CallInput): Promise<Caller> {
    const from = `+1555${`${++this.#callers}`.padStart(7, '0')}`
    if (voice.kind === 'default') return { from, sampleKey: null, cloneName: null, cachedVoiceId: null }
    const given = await this.world.giveVoice(from)
    const cachedVoiceId =
      voice.kind === 'cached' ? await this.#cloneInAnEarlierCall(from, given.cloneName) : null
    return { from, ...given, cachedVoiceId }
  }

  /** Ends the calls that were kept, for which the draining node waits, and the rest of what a failed path left. */
  async strike(): Promise<void> {
    const callers = await this.world.db.query<{ from: string }>(
      'select distinct from_number as "from" from call_log where ended_at is null',
    )
    for (const { from } of callers) await this.#hangUp(from)
    // It goes by itself now; a second signal would cut it short.
    await this.#draining.node.exit()
    try {
      await this.world.end()
    } finally {
      await Promise.all([this.#open, this.#full, this.#draining].map(({ carrier }) => carrier.stop()))
    }
  }

  #entranceFor(admission: CallInput['admission']): Entrance {
    if (admission === 'capacity_full') return this.#full
    return admission === 'draining' ? this.#draining : this.#open
  }

  /** A draining node takes calls while another one says that it does. */
  async #leaveNoSuccessor(): Promise<void> {
    const { db } = this.world
    await db.query(`create function takes_no_calls() returns trigger language plpgsql as
      $$ begin new.takes_calls := false; return new; end $$`)
    await db.query(`create trigger takes_no_calls before insert or update on service_node
      for each row execute function takes_no_calls()`)
    // Each node writes its row, and reads those of the others, once a second.
    await sleep(3_000)
  }

  async #drain(node: ServiceProcess): Promise<void> {
    node.signal('SIGTERM')
    await vi.waitFor(async () => {
      const { status } = (await (await fetch(`${node.origin}/health`)).json()) as { status: string }
      if (status !== 'draining') throw new Error(`The node that was told to go is ${status}.`)
    })
  }

  /** A call that stays, and that nobody has to attend to. */
  async #keepCall({ origin }: ServiceProcess): Promise<void> {
    const sid = await this.#call(origin, '+15550000000')
    await this.world.db.query(
      `update call_timer set due_at = now() + interval '1 hour'
       where call_id = (select id from call_log where provider_call_id = $1)`,
      [sid],
    )
  }

  async #cloneInAnEarlierCall(from: string, cloneName: string): Promise<string> {
    const { vendor } = this.world
    await this.#call(this.#open.node.origin, from)
    await vi.waitFor(
      () => vendor.isCloning(cloneName) || Promise.reject(new Error(`${cloneName} was not asked for.`)),
    )
    const voiceId = vendor.finishClone(cloneName)
    await vi.waitFor(async () => {
      const voice = await (await this.world.admin(`/voices/${encodeURIComponent(from)}`)).json()
      const { status } = (voice as { clone: { status: string } }).clone
      if (status !== 'ready') throw new Error(`The clone is ${status}.`)
    })
    await this.#hangUp(from)
    return voiceId
  }

  async #call(origin: string, from: string): Promise<string> {
    const { carrier } = this.world
    const sid = newSid('CA')
    await carrier.post(
      `${origin}/webhooks/inbound`,
      carrier.fieldsOf({ sid, from, to: SERVICE_NUMBER }, 'ringing'),
    )
    return sid
  }

  async #hangUp(from: string): Promise<void> {
    const { carrier, db } = this.world
    const calls = await db.query<{ sid: string }>(
      'select provider_call_id as sid from call_log where from_number = $1 and ended_at is null',
      [from],
    )
    for (const { sid } of calls) {
      const fields = carrier.fieldsOf({ sid, from, to: SERVICE_NUMBER }, 'completed')
      await carrier.post(`${this.#open.node.origin}/webhooks/call-status`, fields)
    }
  }
}

/** No timer runs out by itself while a path is played, however short it is: the path says when it does. */
async function holdTimers({ db }: ScriptedWorld): Promise<void> {
  await db.query(
    `create function hold_timer() returns trigger language plpgsql as
     $$ begin new.due_at := new.due_at + interval '1 hour'; return new; end $$`,
  )
  await db.query(
    'create trigger hold_timer before insert on call_timer for each row execute function hold_timer()',
  )
}
