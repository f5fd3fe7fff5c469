import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    environment: 'node',
    globalSetup: './tests/support/postgres-server.ts',
    include: ['tests/**/*.test.ts'],
    exclude: [...configDefaults.exclude, 'tests/bench/**'],
    reporters: ['default', './tests/support/summary-reporter.ts'],
    restoreMocks: true,
    /** Most of a command's start is reading its packages, which all the processes of a run can do once. */
    env: { NODE_COMPILE_CACHE: join(tmpdir(), 'precall-compile-cache') },
    /** Stories mostly wait for processes and sockets, so two are told at once on however small a machine. */
    maxWorkers: Math.max(2, availableParallelism() - 1),
    /** Only a fault lasts this long: the slowest stories end calls in seconds, time being given to them. */
    testTimeout: 20_000,
    /** The first hook of a run may have to create a PostgreSQL cluster. */
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
})
