import { mergeConfig } from 'vitest/config'
import base from '../vitest.config.ts'

/*
 * `npm run coverage`: the whole suite, with a look at which lines and branches it runs.
 */

export default mergeConfig(base, {
  test: {
    /**
     * Tests and the processes that they start read the same text then, of which only the types are blanked out: what each has
     * run can be put together.
     */
    experimental: { viteModuleRunner: false, nodeLoader: false },
    /** Functions from a cache are counted less exactly. */
    env: { NODE_COMPILE_CACHE: '' },
    /** Counting takes time. */
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
    coverage: {
      enabled: true,
      provider: 'v8',
      /** Much of the service only runs in processes of its own. */
      autoAttachSubprocess: true,
      include: ['src/**/*.ts', 'machines/**/*.ts'],
      /** The pages run in Chromium, which is not asked. */
      exclude: ['src/console/**', 'src/phone/**', '**/*.d.ts'],
      /** Which cells of the chart the tests have seen is kept in the folder above. */
      reportsDirectory: './coverage/code',
      reporter: ['text-summary', 'json-summary', 'html'],
      /** A test that fails says enough; the figures are of use all the same. */
      reportOnFailure: true,
      /** What was measured, less what chance takes away; branches are to be raised to 90 when they are there. */
      thresholds: { lines: 90, branches: 88 },
    },
  },
})
