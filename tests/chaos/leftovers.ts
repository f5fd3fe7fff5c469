import { leftOfCalls } from '../support/leftovers.ts'
import { until } from '../support/until.ts'
import type { World } from '../support/world.ts'
import type { FaultLog } from './fault-log.ts'
import { jobsLeft, liveSids } from './records.ts'

export type Leftovers = { jobs: string[]; voices: string[]; other: string[] }

/** Longer than any call may be live after its caller is gone, however quietly that was. */
const SETTLED_WITHIN_MS = 60_000
const JOBS_DONE_WITHIN_MS = 20_000
/** Longer than any voice is kept, and than the vendor is looked through for what nobody knows of. */
const A_DAY_LATER_MS = 25 * 3_600_000

/** Waits until nothing moves any more, lets a day pass, and tells what is still there. The nodes still run. */
export async function settle(scene: {
  world: World
  watch: { stop: () => Promise<void>; look: () => Promise<void> }
  /** What nodes did that they should not. */
  pool: { readonly complaints: readonly string[] }
  faults: FaultLog
}): Promise<Leftovers> {
  const { world, watch, pool, faults } = scene
  const { db, vendor, carrier } = world
  const isQuiet = async () => (await liveSids(db)).length === 0
  await until('no call is live', isQuiet, undefined, SETTLED_WITHIN_MS).catch(() => {})
  await watch.stop()
  await watch.look()
  const left = (await leftOfCalls({ db, vendor, carrier, nodes: world.nodes })).filter(
    (line) => !isOurDoing(line, faults) && !WAITS_FOR_ITS_SEARCH.test(line),
  )
  await world.passTime(A_DAY_LATER_MS)
  const isDone = async () => (await jobsLeft(db)).length === 0 && cloned(world).length === 0
  await until('all jobs are done', isDone, undefined, JOBS_DONE_WITHIN_MS).catch(() => {})
  return { jobs: await jobsLeft(db), voices: cloned(world), other: [...pool.complaints, ...left] }
}

/** A voice that a vendor out of order made twice is there until it is looked through, which is seen a day later. */
const WAITS_FOR_ITS_SEARCH = /^a voice at the vendor that nobody knows/

const cloned = ({ vendor }: World): string[] =>
  [...vendor.voices.values()]
    .filter(({ category }) => category === 'cloned')
    .map(({ voiceId, name }) => `a voice at the vendor: ${voiceId} ${name}`)

/** A voice that was deleted at the vendor on purpose is missed by nobody until a call wants it. */
const isOurDoing = (line: string, { entries }: FaultLog): boolean =>
  entries.some(({ kind, detail }) => kind === 'voice-deleted' && line.endsWith(detail))
