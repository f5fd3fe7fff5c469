import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { buildConsole } from './build-console.ts'
import { launchChromium, WHY_NO_BROWSER } from './chromium.ts'
import { ConsolePage } from './console-page.ts'
import { ConsoleService } from './console-service.ts'

/*
 * For tests of the console's pages in a real browser, before the real routes, sessions and statechart: `service` is what
 * Alice looks at.
 */

export let service: ConsoleService
export let alice: ConsolePage
let browser: Browser
let assetsDir: string

/** Less than a test may take, so that one that fails says where. */
const PATIENCE_MS = 8_000
export const ANN = '+15550100001'
export const BOB = '+15550100002'
const SOMEBODY_SPEAKS = join(import.meta.dirname, '../../src/simulator/assets/caller-sample.wav')

/** To be called once in a file of tests. */
export function visitConsole(): void {
  beforeAll(async () => {
    if (WHY_NO_BROWSER) return
    browser = await launchChromium()
    assetsDir = await buildConsole()
  })
  afterAll(() => browser?.close())
  beforeEach(({ skip }) => skip(WHY_NO_BROWSER !== null))
  afterEach(async () => {
    await alice?.close()
    await service?.stop()
  })
}

export async function begin(): Promise<void> {
  service = await new ConsoleService(assetsDir, { canBeKilled: true }).start()
}

/** Alice is signed in and looks at a page, which `prepare` may have changed before. */
export async function looksAt(
  hash: string,
  options: BrowserContextOptions = {},
  prepare: (page: Page) => Promise<unknown> = async () => {},
): Promise<void> {
  alice = await ConsolePage.open(browser, service.url, { reducedMotion: 'reduce', ...options })
  alice.page.setDefaultTimeout(PATIENCE_MS)
  await prepare(alice.page)
  await alice.beginSession(service.key)
  await alice.visit(hash)
}

/** A call that was cloned for, talked and ended, so and so long ago. */
export async function pastCall(agoMs = 60_000): Promise<string> {
  const { calls } = service
  const begun = Date.now() - agoMs
  const at = (ms: number) => new Date(begun + ms)
  calls.begin(ANN, at(0))
  await calls.say({ type: 'leg.instructionsRequested' }, at(2_000))
  await calls.say({ type: 'voice.ready', voiceId: 'voice' }, at(9_000))
  await calls.say({ type: 'media.joined', bridgeNumber: 1, node: 'node' }, at(9_300))
  await calls.say({ type: 'agent.ready', bridgeNumber: 1, conversationId: 'talk' }, at(9_700))
  calls.speak({ role: 'agent', text: 'Hello, how may I help you today?', at: at(9_800) })
  calls.speak({ role: 'caller', text: 'I would like to know when you open.', at: at(15_000) })
  await calls.say({ type: 'leg.ended', status: 'completed' }, at(21_000))
  return calls.latestId
}

/** The vendor has sent a recording of the call. */
export async function recorded(callId: string): Promise<void> {
  service.calls.recordings.set(callId, await readFile(SOMEBODY_SPEAKS))
}

export const main = () => alice.page.locator('main')
export const chartStates = (selector: string) =>
  alice.page.locator(`.chart-state${selector} .chart-state-name`).allTextContents()

/** Does what cannot be taken back, after the question whether it is to be done. */
export const confirm = (name: string) =>
  alice.page.getByRole('alertdialog').getByRole('button', { name }).click()
