import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './tests/support/longest-first.ts'

/**
 * What is tested here leaves nothing behind in its process, so that files share one, and what it takes half a second to load.
 */
const PARTS = [
  'actors',
  'audio',
  'calls',
  'config',
  'doctor',
  'http',
  'machines',
  'media',
  'simulator-elevenlabs',
  'telephony',
  'voice-agents',
  'voices',
].map((folder) => `tests/${folder}/**/*.test.ts`)

export default defineConfig({
  test: {
    environment: 'node',
    globalSetup: ['./tests/support/run-folder.ts', './tests/support/postgres-server.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'parts', include: PARTS, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['tests/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'tests/bench/**', ...PARTS],
        },
      },
    ],
    reporters: ['default', './tests/support/summary-reporter.ts'],
    sequence: { sequencer: LongestFirst },
    restoreMocks: true,
    /** Most of a command's start is reading its packages, which all the processes of a run can do once. */
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'precall-compile-cache') },
    /** Stories mostly wait for processes and sockets, so three are told at once on however small a machine. */
    maxWorkers: Math.max(3, availableParallelism() - 1),
    /** Only a fault lasts this long: the slowest stories end calls in seconds, time being given to them. */
    testTimeout: 20_000,
    /** A page is looked at again until it shows what a test expects of it. */
    expect: { poll: { timeout: 10_000 } },
    /** The first hook of a run may have to create a PostgreSQL cluster. */
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
})
