import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { buildConsoleInPlace } from '../support/build-console.ts'
import { launchChromium, WHY_NO_BROWSER } from '../support/chromium.ts'
import { ConsolePage } from '../support/console-page.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

const KEY = 'a key that only this test knows'

/** Real time: greeting, ten seconds of cloning and the agent's first sentence. */
const WHOLE_CALL_MS = 60_000

describe('the demo, as npm start shows it to a person with a browser', () => {
  let browser: Browser
  let db: TestDatabase
  let service: ServiceProcess
  let folder: string

  beforeAll(async () => {
    if (WHY_NO_BROWSER) return
    await buildConsoleInPlace()
    folder = await mkdtemp(join(tmpdir(), 'precall-demo-'))
    db = await createTestDatabase()
    service = await ServiceProcess.start({
      DATABASE_URL: db.url,
      DATA_DIR: folder,
      ADMIN_API_KEY: KEY,
      DRAIN_SECONDS: '1',
    })
    browser = await launchChromium()
  })
  afterAll(async () => {
    if (WHY_NO_BROWSER) return
    await browser.close()
    expect(await service.terminate()).toBe(0)
    await db.drop()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(({ skip }) => skip(WHY_NO_BROWSER !== null))

  it(
    'lets them hear greeting, hold and agent, shows the states of their call, and keeps it when its process is killed',
    async () => {
      const page = await ConsolePage.open(browser, service.origin)
      await page.signInByLink(KEY)
      await page.placeCall({ microphone: false })
      for (const state of ['greeting', 'hold', 'bridged.talking']) await page.sawState(state, 20_000)
      const heard = (await page.figures()).played
      await page.heardAndSpoke(({ played, loudestHeard }) => played > heard + 50 && loudestHeard > 0)
      await expect.poll(() => page.sayings(), { timeout: 10_000 }).not.toEqual([])

      // The process is killed in the midst of it, by the button on the page of the call, and the call goes on.
      await page.page.getByText('See this call in its statechart').click()
      await page.page.getByRole('button', { name: 'Kill this process' }).click()
      await page.page.getByText('Killed, started again and taking calls').waitFor({ timeout: 20_000 })
      await until(
        'the call is talked on again',
        async () => (await page.states()).filter((state) => state === 'bridged.talking').length === 2,
        async () => (await page.states()).join(', '),
      )
      const before = (await page.figures()).played
      await page.heardAndSpoke(({ played }) => played > before + 50)
      await page.page.getByRole('button', { name: 'Hang up this call' }).click()
      await page.sawState('ended')
      // The killed process cut the page's streams off.
      expect(page.complaints.filter((complaint) => !complaint.includes('net::ERR'))).toEqual([])
      expect(page.foreignRequests).toEqual([])
      await page.close()
    },
    WHOLE_CALL_MS,
  )
})
