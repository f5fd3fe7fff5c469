import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { alice, BOB, begin, looksAt, main, service, visitConsole } from '../support/console-visits.ts'
import { until } from '../support/until.ts'

/*
 * How the console's pages ask the service: when, how often, and what they show meanwhile.
 */

visitConsole()

/** A question of the page takes that long, at most, to be noticed here. */
const ON_THE_WAY_MS = 500

/** Runs in the page, as when its tab is put behind another one, or before it. */
const shows = (state: 'hidden' | 'visible') => `{
  Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' })
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${state === 'hidden'} })
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
}`

/** How often a page asks for the trunks from now on. */
async function countAsked(page: Page): Promise<() => number> {
  let asked = 0
  await page.route('**/api/v1/trunks', (request) => {
    asked++
    return request.continue()
  })
  return () => asked
}

describe('a page that nobody sees', () => {
  test('asks nothing, and at once when it is seen again', async () => {
    await begin()
    await looksAt('#/trunks', {}, ({ clock }) => clock.install())
    await main().getByText('SIP_TRUNKS').waitFor()
    const asked = await countAsked(alice.page)
    await alice.page.clock.runFor(4_000)
    await until('it is asked again and again', () => asked() > 0)
    await alice.page.evaluate(shows('hidden'))
    await alice.page.waitForTimeout(ON_THE_WAY_MS)
    const before = asked()
    // It stands still from then on: what is asked afterwards is not asked because it is time.
    await alice.page.clock.pauseAt(Date.now() + 60_000)
    await alice.page.waitForTimeout(ON_THE_WAY_MS)
    expect(asked()).toBe(before)
    await alice.page.evaluate(shows('visible'))
    await until('it is asked at once', () => asked() === before + 1)
  })

  test('asks nothing although it was only just opened', async () => {
    await begin()
    let asked = () => 0
    await looksAt('#/trunks', {}, async (page) => {
      await page.addInitScript(shows('hidden'))
      asked = await countAsked(page)
    })
    await alice.page.waitForTimeout(ON_THE_WAY_MS)
    expect(asked()).toBe(0)
    await alice.page.evaluate(shows('visible'))
    await main().getByText('SIP_TRUNKS').waitFor()
  })
})

describe('what was read', () => {
  test('stays while it cannot be read anew, and the page says so', async () => {
    await begin()
    await looksAt('#/trunks')
    await main().getByText('SIP_TRUNKS').waitFor()
    await alice.page.route('**/api/v1/trunks', (asked) =>
      asked.fulfill({ status: 500, json: { detail: 'It broke.' } }),
    )
    await main().getByText('It broke.').waitFor()
    expect(await main().getByText('SIP_TRUNKS').count()).toBe(1)
    await alice.page.unroute('**/api/v1/trunks')
    await until('nothing is complained of', async () => (await main().getByText('It broke.').count()) === 0)
  })

  test('is read anew page by page', async () => {
    await begin()
    for (let i = 0; i < 60; i++) service.calls.begin(BOB)
    await looksAt('#/calls')
    const rows = alice.page.locator('tbody tr')
    await alice.page.getByRole('button', { name: 'Older calls' }).click()
    await until('all are there', async () => (await rows.count()) === 60)
    service.calls.begin('+15550100003')
    await alice.page.getByText('+1 555 010 0003').waitFor()
    await until('the others are there, too', async () => (await rows.count()) === 61)
  })

  test('is shown at once when one comes back to it', async () => {
    await begin()
    await looksAt('#/trunks')
    await main().getByText('SIP_TRUNKS').waitFor()
    await alice.visit('#/system')
    await alice.page.route('**/api/v1/trunks', (asked) => asked.abort())
    await alice.visit('#/trunks')
    await main().getByText('SIP_TRUNKS').waitFor()
  })
})
