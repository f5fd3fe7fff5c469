import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { ConsoleConfig } from '../../src/http/console/console-routes.ts'
import { buildConsole } from '../support/build-console.ts'
import { launchChromium, WHY_NO_BROWSER } from '../support/chromium.ts'
import { ConsolePage } from '../support/console-page.ts'
import { ConsoleService, SILENCE, TONE } from '../support/console-service.ts'

/*
 * The built console in a real browser, before the real pages, sessions, calls API and statechart.
 */

let browser: Browser
let assetsDir: string
let service: ConsoleService
let alice: ConsolePage

beforeAll(async () => {
  if (WHY_NO_BROWSER) {
    process.stdout.write(`The console was not tested in a browser: ${WHY_NO_BROWSER}.\n`)
    return
  }
  browser = await launchChromium()
  assetsDir = await buildConsole()
})

afterAll(() => browser?.close())

beforeEach(({ skip }) => skip(WHY_NO_BROWSER !== null))

afterEach(async () => {
  await alice?.close()
  await service?.stop()
})

const atTheConsole = async (config: Partial<ConsoleConfig> = {}, options: BrowserContextOptions = {}) => {
  service = await new ConsoleService(assetsDir, config).start()
  alice = await ConsolePage.open(browser, service.url, options)
}

/** Alice is signed in. */
const signedIn = async (config: Partial<ConsoleConfig> = {}, options: BrowserContextOptions = {}) => {
  await atTheConsole(config, options)
  await alice.signIn(service.key)
}

const cloneIsReady = () => service.calls.say({ type: 'voice.ready', voiceId: 'voice' })
const carrierAsks = () => service.calls.say({ type: 'leg.instructionsRequested' })
const carrierJoins = () => service.calls.say({ type: 'media.joined', bridgeNumber: 1, node: 'node' })
const agentAnswers = () =>
  service.calls.say({ type: 'agent.ready', bridgeNumber: 1, conversationId: 'conversation' })

const untilTalking = async () => {
  await alice.sawState('greeting')
  if ((await alice.states()).at(-1) === 'greeting') await carrierAsks()
  await cloneIsReady()
  await carrierJoins()
  await agentAnswers()
  await alice.sawState('bridged.talking')
}

describe('signing in', () => {
  test('the link signs in and leaves no key in the address bar', async () => {
    await atTheConsole()
    await alice.signInByLink(service.key)
    expect(alice.page.url()).toBe(`${service.url}/`)
  })

  test('a link opened by who is signed in already leaves no key either', async () => {
    await signedIn()
    await alice.page.goto('about:blank')
    await alice.signInByLink(service.key)
    expect(alice.page.url()).toBe(`${service.url}/`)
  })

  test('a wrong key is refused in words, the right one opens the console, and signing out closes it', async () => {
    await atTheConsole()
    await alice.page.goto(`${service.url}/#key=wrong`)
    await alice.page.getByText('That is not the admin key of this service.').waitFor()
    expect(alice.page.url()).toBe(`${service.url}/`)
    expect(await alice.accessibilityFaults()).toEqual([])
    await alice.signInByForm(service.key)
    await alice.page.getByRole('button', { name: 'Sign out' }).click()
    await alice.page.getByLabel('Admin key').waitFor()
  })
})

describe('a test call', () => {
  test('goes from greeting through hold to the agent, seen, heard and announced', async () => {
    await signedIn()
    await alice.placeCall()
    await alice.sawState('greeting')
    expect(await alice.announced()).toBe(
      'Greeting: The caller hears the greeting, then hold music, while the voice is being cloned.',
    )
    await carrierAsks()
    await alice.sawState('hold')
    expect(await alice.announced()).toBe('On hold: The voice is being cloned; the caller hears hold music.')
    await cloneIsReady()
    await carrierJoins()
    await agentAnswers()
    await alice.sawState('bridged.talking')
    expect(await alice.announced()).toContain('The agent speaks in the voice that was just cloned.')
    expect(await alice.states()).toEqual([
      'greeting',
      'hold',
      'joining',
      'bridged.connecting',
      'bridged.talking',
    ])

    service.calls.speak({ role: 'agent', text: 'Hello, this is the agent.' })
    service.calls.speak({ role: 'caller', text: 'Hello.' })
    await alice.page.getByText('Hello.', { exact: true }).waitFor()
    expect(await alice.sayings()).toEqual([
      { who: 'Agent', text: 'Hello, this is the agent.' },
      { who: 'Caller', text: 'Hello.' },
    ])

    const figures = await alice.heardAndSpoke(({ played, sentFrames }) => played > 8_000 && sentFrames > 50)
    expect(figures.loudestHeard).toBeGreaterThan(0.8)
    expect(figures.loudestSpoken).toBeGreaterThan(0.3)
    expect(service.loudestReceived).toBeGreaterThan(500)

    await alice.hangUp()
    await alice.sawState('ended')
    await alice.page.getByText('The caller put the phone down.').waitFor()
    expect(await alice.title()).toBe('Call ended')
    expect((await alice.recentCalls())[0]).toEqual([
      expect.stringContaining('+1 555 010 0001'),
      'Caller hung up',
      expect.stringMatching(/^0:\d\d$/),
    ])
    expect(alice.complaints).toEqual([])
    expect(alice.foreignRequests).toEqual([])
  })

  test('works with the recorded caller when the microphone is refused', async () => {
    await atTheConsole()
    await alice.refuseMicrophone()
    await alice.signInByLink(service.key)
    service.sound = SILENCE
    await alice.placeCall()
    await alice.page.getByText('The microphone was not allowed. A recorded caller speaks for you.').waitFor()
    await untilTalking()
    expect(service.loudestReceived).toBe(0)
    // The agent says something, and the recorded caller answers when it has finished.
    service.sound = TONE
    await alice.heardAndSpoke(({ played }) => played > 8_000)
    service.sound = SILENCE
    await alice.heardAndSpoke(({ loudestSpoken }) => loudestSpoken > 0.5)
    await expect.poll(() => service.loudestReceived).toBeGreaterThan(500)
  })

  test('says that no voice is on file for a caller nobody knows, and skips the hold', async () => {
    await signedIn()
    await alice.placeCall({ caller: 'don’t know', microphone: false })
    await alice.sawState('greeting')
    expect(await alice.announced()).toContain('No voice is on file for this caller.')
    await carrierAsks()
    await carrierJoins()
    await agentAnswers()
    await alice.sawState('bridged.talking')
    await expect
      .poll(() => alice.page.locator('.journey li').allTextContents())
      .toEqual([expect.stringMatching(/^Greeting\d/), 'Holdskipped', 'Agentnow', 'Endto come'])
  })

  test('offers to forget a voice that was cloned before', async () => {
    await signedIn()
    await alice.page.getByText('It is cloned while you wait on hold.', { exact: true }).waitFor()
    service.calls.voiceOnFile = 'cached'
    await alice.page.reload()
    await alice.page.getByText('It was cloned for an earlier call and is kept: no hold.').waitFor()
    await alice.placeCall()
    await alice.sawState('greeting')
    expect(await alice.announced()).toContain('The voice was cloned for an earlier call.')
    await alice.hangUp()
    await alice.page.getByRole('button', { name: 'Clone it anew next time' }).click()
    await alice.page.getByText('The clone is gone.').waitFor()
    expect(service.calls.voiceOnFile).toBe('clone')
  })

  test('marks what an interrupted agent no longer said', async () => {
    await signedIn()
    await alice.placeCall()
    await untilTalking()
    service.calls.speak({
      role: 'agent',
      text: 'I could go on for ever.',
      heard: 'I could go',
      interrupted: true,
    })
    await alice.page.getByText('interrupted').waitFor()
    await expect.poll(() => alice.page.locator('.unheard').textContent()).toBe(' on for ever.')
  })

  test('tells why a call ended that nobody hung up', async () => {
    await signedIn()
    await alice.placeCall()
    await alice.sawState('greeting')
    await service.end({ type: 'leg.ended', status: 'failed' }, 'failed')
    await alice.page.getByText('The carrier reported that the call failed.').waitFor()
  })

  test('says so when the connection to the phone breaks, and lets another call be placed', async () => {
    await signedIn()
    await alice.placeCall()
    await alice.sawState('greeting')
    service.dropPhone()
    await alice.page.getByText('The connection to the test phone is gone.').waitFor()
    await alice.placeCall()
    await alice.page.getByRole('button', { name: 'Hang up' }).waitFor()
  })

  test('can be placed, lived through and ended with the keyboard alone', async () => {
    await signedIn()
    const { keyboard } = alice.page
    await alice.page.getByRole('radio', { name: 'recorded voice' }).focus()
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowUp')
    await keyboard.press('Tab')
    await keyboard.press('Space')
    await keyboard.press('Tab')
    await keyboard.press('Enter')
    await alice.sawState('greeting')
    expect(await focused()).toContain('Hang up')
    await keyboard.press('Enter')
    await alice.sawState('ended')
    expect(await focused()).toContain('Place a test call')
  })
})

const focused = () => alice.page.evaluate(() => document.activeElement?.textContent)

describe('the page', () => {
  test.each(['light', 'dark'] as const)('has no fault that axe-core finds, in %s', async (colorScheme) => {
    await signedIn({}, { colorScheme, reducedMotion: 'reduce' })
    expect(await alice.accessibilityFaults()).toEqual([])
    await alice.placeCall()
    await alice.sawState('greeting')
    await carrierAsks()
    await alice.sawState('hold')
    expect(await alice.accessibilityFaults()).toEqual([])
    await untilTalking()
    service.calls.speak({ role: 'caller', text: 'Hello.' })
    service.calls.speak({ role: 'agent', text: 'Hello there.', heard: 'Hello', interrupted: true })
    await alice.page.getByText('interrupted').waitFor()
    expect(await alice.accessibilityFaults()).toEqual([])
    await alice.hangUp()
    await alice.sawState('ended')
    expect(await alice.accessibilityFaults()).toEqual([])
  })

  test('is whole while the service has not yet said what stands behind it', async () => {
    await atTheConsole()
    let answer = () => {}
    const answered = new Promise<void>((resolve) => {
      answer = resolve
    })
    await alice.page.route('**/console/config', async (asked) => {
      await answered
      await asked.continue()
    })
    const signingIn = alice.signIn(service.key)
    await alice.page.getByRole('heading', { name: 'Asking the service' }).waitFor()
    expect(await alice.accessibilityFaults()).toEqual([])
    answer()
    await signingIn
    expect(await alice.title()).toBe('Hear what your callers hear')
  })

  test('fits a phone', async () => {
    await signedIn({}, { viewport: { width: 390, height: 844 } })
    await alice.placeCall()
    await untilTalking()
    await alice.hangUp()
    await alice.sawState('ended')
    const tooWide = await alice.page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll('.card, table')]
        .filter((part) => part.getBoundingClientRect().right > 390 || part.scrollWidth > part.clientWidth)
        .map((part) => part.outerHTML),
    )
    expect(tooWide).toEqual([])
  })

  test('tells the number to call when the carrier is a real one', async () => {
    await atTheConsole({ carrier: 'real', phoneNumber: '+15551234567' })
    await alice.page.goto(`${service.url}/#key=${service.key}`)
    await alice.page.getByRole('heading', { name: 'Call +1 555 123 4567 to test' }).waitFor()
    await expect.poll(() => alice.page.getByRole('button', { name: 'Place a test call' }).count()).toBe(0)
    expect(await alice.accessibilityFaults()).toEqual([])
  })

  test('tells what to dial over SIP, and who may, beside the telephone of the demo', async () => {
    const line = { host: null, port: 5070, numbers: null, users: ['ann'], trunks: ['10.0.0.0/8'] }
    await signedIn({ sip: line })
    await expect
      .poll(() => alice.page.locator('.surroundings li').allTextContents())
      .toEqual(['Simulated Twilio', 'SIP', 'Simulated agent'])
    const card = alice.page.locator('.sip-line')
    await expect.poll(() => card.locator('code').allTextContents()).toEqual(['sip:5000@127.0.0.1:5070'])
    await expect
      .poll(() => card.textContent())
      .toContain('Calls are taken as ann with the password, and without a password from 10.0.0.0/8.')
    expect(await alice.accessibilityFaults()).toEqual([])
  })

  test('names the numbers of the SIP line, and says when only trunks of the database may call', async () => {
    const line = {
      host: 'sip.example',
      port: 5060,
      numbers: ['+15551234567', 'support'],
      users: [],
      trunks: [],
    }
    await signedIn({ carrier: 'real', sip: line })
    await expect
      .poll(() => alice.page.locator('.surroundings li').allTextContents())
      .toEqual(['Twilio', 'SIP', 'Simulated agent'])
    await expect
      .poll(() => alice.page.locator('.sip-line code').allTextContents())
      .toEqual(['sip:+15551234567@sip.example:5060', 'sip:support@sip.example:5060'])
    await alice.page.getByText('Calls are taken from the trunks of the Trunks page alone.').waitFor()
  })

  test('tells when the service does not answer, and goes on when it does', async () => {
    await signedIn()
    await alice.page.route('**/api/v1/calls?*', (call) => call.abort())
    await alice.page.getByText('The service does not answer. Trying again…').waitFor()
    await alice.page.unroute('**/api/v1/calls?*')
    await alice.page.getByText('No call has been made yet.').waitFor()
    await alice.page.getByText('Trying again…').waitFor({ state: 'detached' })
  })
})
