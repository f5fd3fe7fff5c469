import { sipServers } from '../../support/sip-servers.ts'
import { World } from '../../support/world.ts'
import { SCRIPT } from '../chaos-world.ts'
import { LoadBalancer } from '../load-balancer.ts'
import { OldVersion } from './old-version.ts'
import type { RollingOptions } from './options.ts'
import { DRAIN_MS, type RollingResult, RollingRun } from './rolling-run.ts'

/** It takes twelve seconds to say, in which the new version can start. */
const GREETING =
  'Hello, and thank you for calling. Before we begin, please take a moment and make yourself comfortable: this greeting is so long because a new version of the service starts while you hear it, and nobody shall notice.'
const SETTINGS = {
  CLONE_MAX_WAIT_SECONDS: '120',
  MAX_CONCURRENT_CALLS: '1000',
  DRAIN_SECONDS: `${DRAIN_MS / 1000}`,
  GREETING_MESSAGE: GREETING,
}

const LOOK_AT_HEALTH_MS = 250

type Given = { postgresUrl: string; say: (line: string) => void; stopped: AbortSignal }

/** Updates an older version to this one under live calls, and tells what became of each. No process or folder is left. */
export async function runRolling(options: RollingOptions, given: Given): Promise<RollingResult> {
  const old = await OldVersion.checkOut(options.from)
  given.say(`from ${old.commit} with ${options.calls} calls, seed ${options.seed}`)
  if (!old.hasSamePackages) given.say('Its lock file differs: it runs with the packages of today.')
  try {
    return await onServers(options, given, old)
  } finally {
    await old.remove()
  }
}

async function onServers(options: RollingOptions, given: Given, old: OldVersion): Promise<RollingResult> {
  const servers = await sipServers({ timeScale: 1 })
  const { simulated: sip } = servers
  if (!sip) throw new Error('A rolling update is tried with simulated SIP servers alone.')
  const balancer = await LoadBalancer.open(LOOK_AT_HEALTH_MS)
  const world = await World.begin({
    nodes: 0,
    emptyDatabaseOn: given.postgresUrl,
    timeScale: 1,
    settings: { ...SETTINGS, ...servers.settings, PUBLIC_URL: balancer.origin },
    vendor: { cloneDelayMs: 500, voiceLimit: 10_000, script: SCRIPT },
  })
  const run = new RollingRun({ options, world, balancer, sip, old, say: given.say })
  try {
    return await Promise.race([run.toTheEnd(), rejectedWhen(given.stopped)])
  } catch (error) {
    await run.abandon()
    throw error
  } finally {
    await balancer.close()
    await servers.stop()
  }
}

function rejectedWhen(stopped: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (stopped.aborted) reject(stopped.reason)
    stopped.addEventListener('abort', () => reject(stopped.reason))
  })
}
