import { describe, expect, test } from 'vitest'
import {
  ANN,
  alice,
  BOB,
  begin,
  confirm,
  looksAt,
  main,
  service,
  visitConsole,
} from '../support/console-visits.ts'
import { until } from '../support/until.ts'

/*
 * The console's pages beside the test call and the single call.
 */

visitConsole()

describe('the live calls', () => {
  test('are counted in each state of the chart, and move along its lines', async () => {
    await begin()
    service.calls.begin(ANN)
    service.calls.begin(BOB)
    await looksAt('#/live')
    await alice.page.locator('.chart-state-count').first().waitFor()
    expect(await countIn('greeting')).toBe('2')
    await service.calls.say({ type: 'leg.instructionsRequested' })
    await until('one has moved on', async () => (await countIn('bridging')) === '1')
    expect(await countIn('greeting')).toBe('1')
    await alice.page.locator('.transition[data-lit]').first().waitFor({ state: 'attached' })
    await expect
      .poll(() => alice.page.locator('.tally li').allTextContents())
      .toEqual(['Greeting1', 'Joining1'])
    expect(alice.complaints).toEqual([])
    expect(alice.foreignRequests).toEqual([])
  })

  test('are listed for a state that is chosen with the keyboard, with what can happen in it', async () => {
    await begin()
    service.calls.begin(ANN)
    service.calls.begin(BOB)
    await service.calls.say({ type: 'leg.instructionsRequested' })
    await looksAt('#/live')
    const state = alice.page.locator('.react-flow__node[data-id="leg.opening"]')
    await state.focus()
    await alice.page.keyboard.press('Enter')
    await alice.page.getByRole('heading', { name: 'In opening: 1' }).waitFor()
    await expect
      .poll(() => alice.page.locator('.call-list li').allTextContents())
      .toEqual([expect.stringContaining('+1 555 010 0002')])
    await expect
      .poll(() => alice.page.locator('.transitions').textContent())
      .toContain('media.joined if isThisBridge→ streaming')
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
    await expect.poll(() => alice.page.locator('.call-list li').count()).toBeLessThan(40)
    await alice.page.evaluate(watchFrames)
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        ids
          .slice(round * 100, round * 100 + 100)
          .map((id) => service.calls.say({ type: 'leg.instructionsRequested' }, new Date(), id)),
      )
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    const told = Date.now()
    await until('all have joined', async () => (await countIn('bridging')) === '1000')
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

test('the statechart can be skipped by keyboard, and its states chosen', async () => {
  await begin()
  service.calls.begin(ANN)
  await looksAt('#/live')
  await alice.page.locator('.chart-state').first().waitFor()
  const skip = alice.page.getByRole('button', { name: 'Skip the statechart' })
  await skip.focus()
  await alice.page.keyboard.press('Enter')
  await alice.page.keyboard.press('Tab')
  expect(await alice.page.evaluate('document.activeElement.textContent')).toContain('Greeting')
  await skip.focus()
  await alice.page.keyboard.press('Tab')
  await alice.page.keyboard.press('Enter')
  await alice.page.locator('.state-details', { hasText: 'call' }).waitFor()
})

describe('when the service is away', () => {
  test.each([
    ['calls', 'tbody tr'],
    ['agents', '.entry'],
    ['trunks', '.entry'],
    ['system', '.settings dt'],
    ['live?show=tests', '.chart-state'],
  ])('#/%s says so, and is there when it is back', async (place, something) => {
    await begin()
    service.calls.begin(ANN)
    await service.troubledTrunk()
    await service.agents.create({
      name: 'Front desk',
      backend: 'elevenlabs',
      vendorAgentId: null,
      model: null,
      turnDetection: null,
      voiceId: null,
      language: null,
      instructions: null,
      firstMessage: null,
      tools: [],
      transferNumber: null,
      numbers: [],
    })
    await looksAt('#/statistics')
    await alice.page.route('**/api/**', (asked) => asked.abort())
    await alice.visit(`#/${place}`)
    await main().getByText('The service does not answer. Trying again…').first().waitFor()
    await alice.page.unroute('**/api/**')
    await main().locator(something).first().waitFor()
    await until(
      'nothing is complained of any more',
      async () => (await main().getByText('Trying again').count()) === 0,
    )
  })

  test('the page of a call says so', async () => {
    await begin()
    service.calls.begin(ANN)
    await looksAt(`#/calls/${service.calls.latestId}`)
    await alice.page.getByText('Step 1 of 1').waitFor()
    await alice.page.route('**/api/**', (asked) => asked.abort())
    await main().getByText('The service does not answer. Trying again…').waitFor()
    await alice.page.unroute('**/api/**')
    await until('it is back', async () => (await main().getByText('Trying again').count()) === 0)
  })
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

  test('set up an agent with the choices that its vendor has', async () => {
    await begin()
    await looksAt('#/agents')
    const form = alice.page.locator('form')
    await form.getByLabel('Name').fill('Front desk')
    await form.locator('[name=vendorAgentId]').fill('agent_1')
    await form.locator('[name=backend]').selectOption('OpenAI Realtime')
    await form.getByText('cannot speak cloned voices').waitFor()
    await form.locator('[name=model]').fill('gpt-realtime-2.1-mini')
    await form.locator('[name=voiceId]').fill('the-cloned-one')
    await form.locator('[name=turnDetection]').selectOption('when a sentence is complete, eagerness low')
    await form.getByRole('button', { name: 'Set up' }).click()
    await form.getByRole('alert').getByText('voiceId').waitFor()
    await form.locator('[name=voiceId]').fill('marin')
    await form.getByRole('button', { name: 'Set up' }).click()
    await main().locator('.entry').getByText('OpenAI Realtime').waitFor()
    expect((await service.agents.list())[0]).toMatchObject({
      backend: 'openai',
      vendorAgentId: null,
      model: 'gpt-realtime-2.1-mini',
      voiceId: 'marin',
      turnDetection: { type: 'semantic_vad', eagerness: 'low' },
    })
  })

  test('set up an agent, keep what was typed when it is refused, and write it down', async () => {
    await begin()
    await looksAt('#/agents')
    const form = alice.page.locator('form')
    await form.getByLabel('Name').fill('Front desk')
    await form.getByLabel('Numbers it answers').fill('anonymous')
    await form.getByRole('button', { name: 'Set up' }).click()
    await form.getByRole('alert').getByText('numbers/0').waitFor()
    await expect.poll(() => form.getByLabel('Name').inputValue()).toBe('Front desk')
    await form.getByLabel('Numbers it answers').fill('+1 555 123 4567')
    await form.getByRole('button', { name: 'Set up' }).click()
    await alice.page.getByText('Answers +1 555 123 4567').waitFor()
    await alice.page.getByRole('button', { name: 'Edit Front desk' }).click()
    await form.getByLabel('Name').fill('Night desk')
    await form.getByRole('button', { name: 'Save' }).click()
    await alice.page.getByText('Night desk').first().waitFor()
    expect((await service.agents.list())[0]).toMatchObject({ name: 'Night desk', numbers: ['+15551234567'] })
    await alice.visit('#/audit')
    await alice.page.getByText('Changes a voice agent').waitFor()
    await expect.poll(() => main().locator('tbody tr').count()).toBe(3)
  })

  test('set up a trunk, register it, keep its password, and delete it', async () => {
    await begin()
    await looksAt('#/trunks')
    await main().getByText('SIP_TRUNKS').waitFor()
    const form = alice.page.locator('form')
    await form.getByLabel('Name', { exact: true }).fill('Office')
    await form.getByLabel('Addresses that its calls come from').fill('192.0.2.1:5060')
    await form.getByRole('button', { name: 'Set up' }).click()
    await form.getByRole('alert').getByText('addresses/0').waitFor()
    await expect.poll(() => form.getByLabel('Name', { exact: true }).inputValue()).toBe('Office')
    await form.getByLabel('Addresses that its calls come from').fill('192.0.2.1')
    await form.getByLabel('Server of the provider').fill('sip.example.com')
    await form.getByLabel('Register at the server').check()
    await form.getByLabel('User', { exact: true }).fill('acct-7')
    await form.getByLabel(/^Password/).fill('correct-horse')
    await form.getByText('Limits, codecs and health').click()
    await form.getByLabel('Calls at once').fill('5')
    await form.getByLabel('PCMA').check()
    await form.getByRole('button', { name: 'Set up' }).click()
    const entry = main().locator('.entry', { hasText: 'Office' })
    await entry.getByText('0 of 5 calls · sip.example.com, 192.0.2.1').waitFor()
    await entry.getByText('Registering').waitFor()
    await expect.poll(() => form.getByLabel('Name', { exact: true }).inputValue()).toBe('')
    const [made] = await service.trunks.list()
    const registration = {
      username: 'acct-7',
      authUsername: null,
      password: 'correct-horse',
      expiresSeconds: 3_600,
    }
    expect(made).toMatchObject({ maxCalls: 5, codecs: ['PCMA'], optionsSeconds: 30, registration })
    await entry.getByRole('button', { name: 'Edit Office' }).click()
    await expect.poll(() => form.getByLabel(/^Password/).inputValue()).toBe('')
    await form.getByLabel('User', { exact: true }).fill('acct-8')
    await form.getByRole('button', { name: 'Save' }).click()
    await until(
      'it is kept',
      async () => (await service.trunks.list())[0]?.registration?.username === 'acct-8',
    )
    expect((await service.trunks.list())[0]?.registration?.password).toBe('correct-horse')
    await entry.getByRole('button', { name: 'Delete' }).click()
    await confirm('Delete')
    await until('it is gone', async () => (await entry.count()) === 0)
  })

  test('say of a trunk what is not in order, in the words of who found it', async () => {
    await begin()
    await service.troubledTrunk()
    await looksAt('#/trunks')
    const entry = main().locator('.entry', { hasText: 'Provider' })
    await entry.getByText('Not registered').waitFor()
    await entry.getByText('Registration: the registrar refuses user or password (403 Forbidden)').waitFor()
    await entry.getByText('OPTIONS: it does not answer (408); 3 times in a row').waitFor()
    await entry.getByText('sip.provider.example cannot be resolved (ETIMEOUT)').waitFor()
    await entry.getByText('3 of 10 calls').waitFor()
  })

  test('make a link to call by, show its address once, and delete it', async () => {
    await begin()
    await looksAt('#/phone-links')
    const form = alice.page.locator('form')
    await form.getByLabel('Number to call').fill('+1 555 123 4567')
    await form.getByLabel('Caller’s name').fill('Ann')
    await form.getByRole('button', { name: 'Make the link' }).click()
    const address = alice.page.getByLabel('Address of the link')
    await expect.poll(() => address.inputValue()).toMatch(new RegExp(`^${service.url}/phone#[\\w-]+$`))
    expect(await alice.accessibilityFaults()).toEqual([])
    await alice.page.getByRole('button', { name: 'Done' }).click()
    const entry = main().locator('.entry', { hasText: 'Ann → +1 555 123 4567' })
    await entry.getByText('Not used yet').waitFor()
    await expect.poll(() => main().textContent()).not.toContain('/phone#')
    await entry.getByRole('button', { name: 'Delete' }).click()
    await confirm('Delete')
    await alice.page.getByText('No link has been made yet.').waitFor()
  })

  test('ask for the key over what is being done when the session ends, and go on with it', async () => {
    await begin()
    await looksAt('#/agents')
    const form = main().locator('form')
    await form.getByLabel('Name').fill('Written before the session ended')
    await alice.page.context().clearCookies()
    await alice.page.getByRole('button', { name: 'Set up' }).click()
    const dialog = alice.page.getByRole('alertdialog', { name: 'Your session has ended' })
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
    await expect.poll(() => main().textContent()).toContain('ADMIN_API_KEYset, and hidden')
    await alice.page.getByRole('heading', { name: 'Kill this process' }).waitFor()
    await alice.visit('#/statistics')
    await alice.page.getByText('30 of 40 look-ups').waitFor()
    await alice.visit('#/campaigns')
    await alice.page.getByRole('heading', { name: 'There is no such page' }).waitFor()
  })
})

describe('the voices', () => {
  test('are for the callers that one chooses', async () => {
    await begin()
    await looksAt('#/voices')
    const changed: unknown[] = []
    await alice.page.route('**/api/v1/voices/*', (route) => {
      changed.push([route.request().method(), route.request().postDataJSON()])
      return route.fulfill({ json: {} })
    })
    const choice = alice.page.locator('.entry').first().getByRole('combobox')
    await choice.selectOption('attested')
    await until('it is told', () => changed.length === 1)
    await choice.selectOption('default')
    await until('it is told again', () => changed.length === 2)
    expect(changed).toEqual([
      ['PATCH', { trust: 'attested' }],
      ['PATCH', { trust: null }],
    ])
  })
})

describe('the licences', () => {
  test('of all that the page is made with are at its foot', async () => {
    await begin()
    await looksAt('#/system')
    await alice.page.getByRole('contentinfo').getByRole('link', { name: 'Licences' }).click()
    await alice.page.getByRole('heading', { level: 1, name: 'Licences' }).waitFor()
    for (const name of ['@xyflow/react', 'elkjs', 'react', 'react-dom'])
      await alice.page.locator('.licence summary', { hasText: new RegExp(`^${name} \\d`) }).waitFor()
    await alice.page.locator('.licence summary', { hasText: 'elkjs' }).click()
    const licence = alice.page.locator('.licence', { hasText: 'elkjs' })
    await licence.getByText('Eclipse Public License').first().waitFor()
    await expect
      .poll(() => licence.getByRole('link').getAttribute('href'))
      .toMatch(/npmjs\.com\/package\/elkjs\/v\/\d/)
    expect(alice.complaints).toEqual([])
  })
})
