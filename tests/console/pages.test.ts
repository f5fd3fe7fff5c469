import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { buildConsole } from '../support/build-console.ts'
import { launchChromium, WHY_NO_BROWSER } from '../support/chromium.ts'
import { ConsolePage } from '../support/console-page.ts'
import { ConsoleService } from '../support/console-service.ts'
import { until } from '../support/until.ts'

/*
 * The console's pages beside the test call, in a real browser, before the real routes, sessions and statechart.
 */

let browser: Browser
let assetsDir: string
let removeAssets: () => Promise<void>
let service: ConsoleService
let alice: ConsolePage

beforeAll(async () => {
  if (WHY_NO_BROWSER) return
  browser = await launchChromium()
  ;({ assetsDir, remove: removeAssets } = await buildConsole())
})
afterAll(async () => {
  await browser?.close()
  await removeAssets?.()
})
beforeEach(({ skip }) => skip(WHY_NO_BROWSER !== null))
afterEach(async () => {
  await alice?.close()
  await service?.stop()
})

/** Less than a test may take, so that one that fails says where. */
const PATIENCE_MS = 8_000
const ANN = '+15550100001'
const BOB = '+15550100002'

/** Alice is signed in and looks at a page. */
const looksAt = async (hash: string, options: BrowserContextOptions = {}) => {
  alice = await ConsolePage.open(browser, service.url, { reducedMotion: 'reduce', ...options })
  alice.page.setDefaultTimeout(PATIENCE_MS)
  await alice.beginSession(service.key)
  await alice.visit(hash)
}
const begin = async () => {
  service = await new ConsoleService(assetsDir, { canBeKilled: true }).start()
}

/** A call that was cloned for, talked and ended, so and so long ago. */
const pastCall = async (agoMs = 60_000) => {
  const { calls } = service
  const at = (ms: number) => new Date(Date.now() - agoMs + ms)
  calls.begin(ANN, at(0))
  await calls.say({ type: 'leg.asked' }, at(2_000))
  await calls.say({ type: 'voice.ready', voiceId: 'voice' }, at(9_000))
  await calls.say({ type: 'media.joined', attempt: 1, node: 'node' }, at(9_300))
  await calls.say({ type: 'agent.ready', attempt: 1, conversationId: 'talk' }, at(9_700))
  calls.speak({ role: 'agent', text: 'Hello, how may I help you today?', at: at(9_800) })
  calls.speak({ role: 'caller', text: 'I would like to know when you open.', at: at(15_000) })
  await calls.say({ type: 'leg.ended', status: 'completed' }, at(21_000))
  return calls.latestId
}

const main = () => alice.page.locator('main')
const chartStates = (selector: string) =>
  alice.page.locator(`.chart-state${selector} .chart-state-name`).allTextContents()

describe('the live calls', () => {
  test('are counted in each state of the chart, and move along its lines', async () => {
    await begin()
    service.calls.begin(ANN)
    service.calls.begin(BOB)
    await looksAt('#/live')
    await alice.page.locator('.chart-state-count').first().waitFor()
    expect(await countIn('greeting')).toBe('2')
    await service.calls.say({ type: 'leg.asked' })
    await until('one has moved on', async () => (await countIn('joining')) === '1')
    expect(await countIn('greeting')).toBe('1')
    await alice.page.locator('.way[data-lit]').first().waitFor({ state: 'attached' })
    expect(await alice.page.locator('.tally li').allTextContents()).toEqual(['Greeting1', 'Joining1'])
    expect(alice.complaints).toEqual([])
    expect(alice.foreignRequests).toEqual([])
  })

  test('are listed for a state that is chosen with the keyboard, with what can happen in it', async () => {
    await begin()
    service.calls.begin(ANN)
    service.calls.begin(BOB)
    await service.calls.say({ type: 'leg.asked' })
    await looksAt('#/live')
    const state = alice.page.locator('.react-flow__node[data-id="joining"]')
    await state.focus()
    await alice.page.keyboard.press('Enter')
    await alice.page.getByRole('heading', { name: 'In joining: 1' }).waitFor()
    expect(await alice.page.locator('.call-list li').allTextContents()).toEqual([
      expect.stringContaining('+1 555 010 0002'),
    ])
    expect(await alice.page.locator('.ways').textContent()).toContain('media.joined if isThisBridge→ bridged')
  })

  test('are opened by a click, and found by their number', async () => {
    await begin()
    service.calls.begin(BOB)
    const id = service.calls.latestId
    service.calls.begin(ANN)
    await looksAt('#/live')
    await alice.page.getByLabel('Only calls with this number').fill('0100 002')
    await alice.page.locator('.call-list li').nth(1).waitFor({ state: 'detached' })
    await alice.page.locator('.call-list a').click()
    await alice.page.getByRole('heading', { level: 1, name: '+1 555 010 0002' }).waitFor()
    expect(alice.page.url()).toBe(`${service.url}/#/calls/${id}`)
  })

  test('may be a thousand that all change, and the page does not fall behind', async () => {
    await begin()
    const ids = Array.from({ length: 1_000 }, () => {
      service.calls.begin(BOB)
      return service.calls.latestId
    })
    await looksAt('#/live')
    await alice.page.locator('.figure', { hasText: '1000' }).waitFor()
    expect(await alice.page.locator('.call-list li').count()).toBeLessThan(40)
    await alice.page.evaluate(watchFrames)
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        ids
          .slice(round * 100, round * 100 + 100)
          .map((id) => service.calls.say({ type: 'leg.asked' }, new Date(), id)),
      )
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const told = Date.now()
    await until('all have joined', async () => (await countIn('joining')) === '1000')
    expect(Date.now() - told).toBeLessThan(3_000)
    // A second without a picture is what a person takes for a page that hangs; it is far less where nothing else runs.
    expect(await alice.page.evaluate('window.longestFrame')).toBeLessThan(1_000)
  })

  test('are there again when the service was away, without a reload', async () => {
    await begin()
    service.calls.begin(ANN)
    await looksAt('#/live')
    await alice.page.locator('.feed-status[data-status="live"]').waitFor()
    await alice.page.route('**/api/v1/feed', (asked) => asked.abort())
    service.dropConnections()
    await alice.page.getByText('The service does not answer. Trying again…').waitFor()
    service.calls.begin(BOB)
    await alice.page.unroute('**/api/v1/feed')
    await alice.page.locator('.figure', { hasText: '2' }).waitFor()
    await alice.page.locator('.feed-status[data-status="live"]').waitFor()
  })
})

const countIn = (state: string) =>
  alice.page
    .locator('.chart-state', {
      has: alice.page.locator('.chart-state-name', { hasText: new RegExp(`^${state}$`) }),
    })
    .locator('.chart-state-count')
    .textContent({ timeout: 5_000 })
    .catch(() => null)

/** Runs in the page. */
const watchFrames = `{
  window.longestFrame = 0
  let last = performance.now()
  const look = (now) => {
    window.longestFrame = Math.max(window.longestFrame, now - last)
    last = now
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}`

describe('one call', () => {
  test('that is over is opened by its address and stepped through, forward and back', async () => {
    await begin()
    const id = await pastCall()
    await looksAt(`#/calls/${id}`)
    await alice.page.getByText('Replayed: the chart of today leads this call the same way.').waitFor()
    await until('the chart shows the end', async () => (await chartStates('[data-active]')).includes('ended'))
    await alice.page.keyboard.press(',')
    await alice.page.getByText('Step 5 of 6, +9.7 s: agent.ready').waitFor()
    expect(await chartStates('[data-active]')).toEqual(expect.arrayContaining(['talking', 'cloned']))
    const inspector = alice.page.locator('.inspector')
    expect(await inspector.textContent()).toContain('connect-media attempt=1')
    expect(await inspector.locator('[data-changed]').allTextContents()).toEqual(['conversationIdtalk'])
    expect(await inspector.textContent()).toContain('CALL_MAX in 59:50')
    await alice.page.keyboard.press('.')
    await alice.page.getByText('Step 6 of 6').waitFor()
    expect(alice.page.url()).toContain('step=6')
    expect(alice.complaints).toEqual([])
  })

  test('is opened at the step that a link names', async () => {
    await begin()
    const id = await pastCall()
    await looksAt(`#/calls/${id}?step=2`)
    await alice.page.getByText('Step 2 of 6, +2.0 s: leg.asked').waitFor()
    await until('the chart shows it', async () => {
      const active = await chartStates('[data-active]')
      return active.includes('hold') && active.includes('cloning')
    })
  })

  test('has states, timers and speech on one axis, with a scrubber for mouse and keyboard', async () => {
    await begin()
    await looksAt(`#/calls/${await pastCall()}`)
    const lanes = alice.page.locator('.lane-name')
    await alice.page.locator('.lane-name', { hasText: 'CLONE_MAX_WAIT' }).waitFor()
    expect(await lanes.allTextContents()).toEqual(
      expect.arrayContaining(['State', 'Events', 'CALL_MAX', 'Caller', 'Agent']),
    )
    expect(await alice.page.locator('.bar[data-tone="agent"]').getAttribute('title')).toContain(
      'how may I help',
    )
    const scrubber = alice.page.getByRole('slider', { name: 'Moment of the call' })
    await scrubber.focus()
    await alice.page.keyboard.press('Home')
    expect(await scrubber.getAttribute('aria-valuetext')).toBe('+0.0 s, step 1: call.began')
    await alice.page.keyboard.press('ArrowRight')
    expect(await scrubber.getAttribute('aria-valuetext')).toContain('step 2: leg.asked')
    const box = await alice.page.locator('.scrubber').boundingBox()
    if (!box) throw new Error('The scrubber is not there.')
    await alice.page.mouse.click(box.x + box.width * 0.6, box.y + 40)
    expect(await scrubber.getAttribute('aria-valuetext')).toContain('step 5: agent.ready')
  })

  test('that lives is followed, can be hung up, and says who did it', async () => {
    await begin()
    service.calls.begin(ANN)
    await looksAt(`#/calls/${service.calls.latestId}`)
    await alice.page.getByText('Step 1 of 1').waitFor()
    await service.calls.say({ type: 'leg.asked' })
    await alice.page.getByText('Step 2 of 2').waitFor()
    await alice.page.getByRole('button', { name: 'Hang up this call' }).click()
    await alice.page.locator('.call-head .badge', { hasText: 'Hanging up' }).waitFor()
    await service.calls.say({ type: 'leg.ended', status: 'completed' })
    await alice.page.getByText('An operator ended the call from the console or the API.').waitFor()
    await alice.visit('#/audit')
    await alice.page.getByText('Ends a call').waitFor()
  })

  test.each(['01900000-0000-7000-8000-000000000000', 'not-an-id'])(
    'that is none of ours is said to be none: %s',
    async (id) => {
      await begin()
      await looksAt(`#/calls/${id}`)
      await alice.page.getByRole('heading', { name: 'There is no such call' }).waitFor()
      expect(await alice.accessibilityFaults()).toEqual([])
    },
  )
})

describe('the other pages', () => {
  test('list past calls page by page, with filters that stay in the address', async () => {
    await begin()
    for (let i = 0; i < 60; i++) service.calls.begin(i === 7 ? ANN : BOB)
    await looksAt('#/calls')
    await alice.page.getByRole('button', { name: 'Older calls' }).click()
    await until('all are there', async () => (await alice.page.locator('tbody tr').count()) === 60)
    await alice.page.getByLabel('Caller', { exact: true }).fill(ANN)
    await until('one is left', async () => (await alice.page.locator('tbody tr').count()) === 1)
    expect(alice.page.url()).toContain(`from=${encodeURIComponent(ANN)}`)
  })

  test('set up an agent, keep what was typed when it is refused, and write it down', async () => {
    await begin()
    await looksAt('#/agents')
    const form = alice.page.locator('form')
    await form.getByLabel('Name').fill('Front desk')
    await form.getByLabel('Numbers it answers').fill('15551234567')
    await form.getByRole('button', { name: 'Set up' }).click()
    await form.getByRole('alert').getByText('numbers/0').waitFor()
    expect(await form.getByLabel('Name').inputValue()).toBe('Front desk')
    await form.getByLabel('Numbers it answers').fill('+15551234567')
    await form.getByRole('button', { name: 'Set up' }).click()
    await alice.page.getByText('Answers +1 555 123 4567').waitFor()
    await alice.page.getByRole('button', { name: 'Edit Front desk' }).click()
    await form.getByLabel('Name').fill('Night desk')
    await form.getByRole('button', { name: 'Save' }).click()
    await alice.page.getByText('Night desk').first().waitFor()
    expect((await service.agents.list())[0]).toMatchObject({ name: 'Night desk', numbers: ['+15551234567'] })
    await alice.visit('#/audit')
    await alice.page.getByText('Changes a voice agent').waitFor()
    expect(await main().locator('tbody tr').count()).toBe(3)
  })

  test('ask for the key over what is being done when the session ends, and go on with it', async () => {
    await begin()
    await looksAt('#/agents')
    const form = main().locator('form')
    await form.getByLabel('Name').fill('Written before the session ended')
    await alice.page.context().clearCookies()
    await alice.page.getByRole('button', { name: 'Set up' }).click()
    const dialog = alice.page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.waitFor()
    expect(await alice.accessibilityFaults()).toEqual([])
    await dialog.getByLabel('Admin key').fill('wrong')
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await dialog.getByText('That is not the admin key of this service.').waitFor()
    await dialog.getByLabel('Admin key').fill(service.key)
    await dialog.getByRole('button', { name: 'Sign in' }).click()
    await alice.page.locator('.entry-title', { hasText: 'Written before the session ended' }).waitFor()
  })

  test('show settings without secrets, statistics, and an address that is none of theirs', async () => {
    await begin()
    await looksAt('#/system')
    await alice.page.getByText('ADMIN_API_KEY').waitFor()
    expect(await main().textContent()).toContain('ADMIN_API_KEYset, and hidden')
    await alice.page.getByRole('heading', { name: 'Kill this process' }).waitFor()
    await alice.visit('#/statistics')
    await alice.page.getByText('30 of 40 look-ups').waitFor()
    await alice.visit('#/campaigns')
    await alice.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  })
})

const PLACES = ['live', 'calls', 'voices', 'agents', 'statistics', 'system', 'audit']

describe.each([
  ['light', { width: 1440, height: 900 }],
  ['dark', { width: 390, height: 844 }],
] as const)('in %s', (colorScheme, viewport) => {
  test(`no page has a fault that axe-core finds, or is wider than ${viewport.width} pixels`, async () => {
    await begin()
    const id = await pastCall()
    service.calls.begin(BOB)
    service.voices = [
      {
        ...{ callerId: ANN, name: 'Ann', sampleKey: 'key', consent: { by: 'Ann', at: new Date() } },
        ...{ createdAt: new Date(), updatedAt: new Date() },
        clone: {
          status: 'failed',
          vendorVoiceId: null,
          failure: 'Too short.',
          readyAt: null,
          expiresAt: null,
        },
      },
    ]
    await looksAt('#/live', { colorScheme, viewport })
    for (const place of [...PLACES, `calls/${id}`, `calls/${service.calls.latestId}`]) {
      await alice.visit(`#/${place}`)
      await alice.page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => {})
      if (place === 'live' || place.includes('/')) await alice.page.locator('.chart-state').first().waitFor()
      expect(await alice.accessibilityFaults(), place).toEqual([])
      const width = await alice.page.evaluate('document.documentElement.scrollWidth')
      expect(width, place).toBeLessThanOrEqual(viewport.width)
    }
    expect(alice.complaints).toEqual([])
  })
})
