import { setTimeout as sleep } from 'node:timers/promises'
import { patchAgent } from '../../src/simulator/elevenlabs/agent-config.ts'
import { AGENT, type World } from '../support/world.ts'
import type { ChaosCall } from './chaos-call.ts'
import type { FaultLog } from './fault-log.ts'
import type { WorldFault } from './plan.ts'

/** How long a conversation may take to be there again, to be dropped a second time. */
const SECOND_DROP_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50
/** As often as a clone is asked for before it is given up. */
const CLONE_TRIES = 3

type Scene = { world: World; faults: FaultLog; calls: readonly ChaosCall[] }
type Suffer = (scene: Scene, fault: WorldFault) => Promise<void> | void

const SUFFER: Record<WorldFault['kind'], Suffer> = {
  'agent-dropped': (scene, { share }) => dropAgent(scene, share, 1),
  'agent-dropped-twice': (scene, { share }) => dropAgent(scene, share, 2),
  'agent-refused-once': ({ world, faults }) => {
    world.vendor.refuseNextAgentSockets++
    faults.note('agent-refused-once')
  },
  'agent-away-1s': lasting(({ vendor }, isOn) => Object.assign(vendor, { refuseAgentSockets: isOn })),
  'voice-refused': lasting((world, isOn) => allowVoices(world, !isOn)),
  'voice-deleted': (scene, { share }) => deleteVoice(scene, share),
  'clone-fails': ({ world, faults }) => {
    world.vendor.failNextClones(Array.from({ length: CLONE_TRIES }, () => ({ status: 500 })))
    faults.note('clone-fails')
  },
  'clone-hangs': lasting(({ vendor }, isOn) => Object.assign(vendor, { hangClone: isOn })),
  'clone-slow': lasting(({ vendor }, isOn) => Object.assign(vendor, { withholdClones: isOn })),
  'response-lost': ({ world, faults }) => {
    world.carrier.faults.loseNextResponse = true
    faults.note('response-lost')
  },
  'webhooks-repeated': lasting(({ carrier }, isOn) =>
    Object.assign(carrier.faults, { repeatWebhooks: isOn }),
  ),
  'status-untold': lasting(({ carrier }, isOn) => Object.assign(carrier.faults, { noStatusCallbacks: isOn })),
  'rest-refused': lasting(({ carrier }, isOn) =>
    Object.assign(carrier.faults, { refuseRest: isOn ? 500 : null }),
  ),
  'rest-hangs': lasting(({ carrier }, isOn) => Object.assign(carrier.faults, { hangRest: isOn })),
  'stream-dropped': (scene, { share }) => dropStream(scene, share),
  'listen-ended': endListening,
}

/** Has vendor, carrier or database do what they do on a bad day. Resolves when it is over. */
export async function suffer(scene: Scene, fault: WorldFault): Promise<void> {
  await SUFFER[fault.kind](scene, fault)
}

/** A switch that is on for as long as the plan says. */
function lasting(turn: (world: World, isOn: boolean) => void): Suffer {
  return ({ world, faults }, { kind, forMs }) =>
    faults.during(kind, '', async () => {
      turn(world, true)
      await sleep(forMs)
      turn(world, false)
    })
}

const chosen = <Item>(items: readonly Item[], share: number): Item | undefined =>
  items[Math.floor(share * items.length)]

/** Somebody whose agent was not dropped before, for a second drop is another fault. */
async function dropAgent({ world, faults, calls }: Scene, share: number, times: 1 | 2): Promise<void> {
  const call = chosen(
    calls.filter(({ isTalking, agentDrops }) => isTalking && agentDrops === 0),
    share,
  )
  if (!call) return
  await faults.during(times === 1 ? 'agent-dropped' : 'agent-dropped-twice', call.line.sid, async () => {
    const deadline = Date.now() + SECOND_DROP_WITHIN_MS
    while (call.agentDrops < times && call.endedAt === null && Date.now() < deadline) {
      const conversation = call.conversationIds.at(-1)
      if (conversation) {
        call.agentDrops++
        world.vendor.dropAgentSocket(conversation)
      }
      await sleep(LOOK_EVERY_MS)
    }
  })
}

function allowVoices({ vendor }: World, voice_id: boolean): void {
  const agent = vendor.agents.get(AGENT)
  if (!agent) throw new Error('The simulated vendor has no agent.')
  const overrides = { conversation_config_override: { tts: { voice_id } } }
  vendor.agents.set(AGENT, patchAgent(agent, { platform_settings: { overrides } }))
}

/** As somebody who tidies up in the vendor's console. */
function deleteVoice({ world: { vendor }, faults }: Scene, share: number): void {
  const cloned = [...vendor.voices.values()].filter(({ category }) => category === 'cloned')
  const voice = chosen(cloned, share)
  if (!voice) return
  vendor.voices.delete(voice.voiceId)
  faults.note('voice-deleted', voice.voiceId)
}

function dropStream({ faults, calls }: Scene, share: number): void {
  const call = chosen(
    calls.filter(({ isTalking }) => isTalking),
    share,
  )
  if (call?.line.dropStream()) faults.note('stream-dropped', call.line.sid)
}

/** PostgreSQL ends the sessions in which nodes listen, as an operator or a failover does. */
async function endListening({ world, faults }: Scene): Promise<void> {
  const ended = await world.db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and application_name like 'precall node %'`,
  )
  faults.note('listen-ended', `${ended.length} sessions`)
}
