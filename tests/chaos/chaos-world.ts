import { patchAgent } from '../../src/simulator/elevenlabs/agent-config.ts'
import { AGENT, World } from '../support/world.ts'
import type { ChaosOptions } from './options.ts'
import { SeededRandom } from './seeded-random.ts'

const CLONE_MAX_WAIT_SECONDS = 8
/** Between these a clone takes, most of them less than a caller is willing to wait. */
const CLONE_MS = { least: 500, most: 4_000 }
const SETTINGS = {
  CLONE_MAX_WAIT_SECONDS: `${CLONE_MAX_WAIT_SECONDS}`,
  // Nobody is ever turned away for want of room.
  MAX_CONCURRENT_CALLS: '1000',
  DRAIN_SECONDS: '4',
}
/** Short sentences, so that callers' turns are short, and so many that no conversation runs out of them. */
export const SCRIPT = {
  firstMessage: 'Hello, how can I help?',
  reconnected: 'Sorry, where were we?',
  replies: Array.from({ length: 200 }, () => 'I see. Please go on.'),
  stillThere: 'Are you there?',
  goodbye: 'Goodbye.',
}

/** The carrier, the vendor and the database of a run; its nodes come later. */
export async function beginWorld({ seed, timeScale }: ChaosOptions, postgresUrl: string): Promise<World> {
  const random = new SeededRandom(seed).fork('clones')
  const cloneDelayMs = () => random.between(CLONE_MS.least, CLONE_MS.most)
  const world = await World.begin({
    nodes: 0,
    databaseGates: true,
    postgresUrl,
    timeScale,
    settings: SETTINGS,
    vendor: { cloneDelayMs, voiceLimit: 10_000, script: SCRIPT },
  })
  const agent = world.vendor.agents.get(AGENT)
  // Nobody listens to recordings of thousands of conversations, which this process would have to encode.
  if (agent)
    world.vendor.agents.set(
      AGENT,
      patchAgent(agent, { platform_settings: { privacy: { record_voice: false } } }),
    )
  return world
}
