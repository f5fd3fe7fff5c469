import { createServer } from 'node:http'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { phoneRoutes } from '../../src/http/phone/phone-routes.ts'
import { testApp } from '../http/serve.ts'
import { buildPhone } from '../support/build-console.ts'
import { launchChromium, WHY_NO_BROWSER } from '../support/chromium.ts'
import { PhoneLinksInMemory } from '../support/console-stores.ts'
import { closeHard, listenHere } from '../support/loopback.ts'
import { PhonePage } from '../support/phone-page.ts'
import { SipOverWebSocket } from '../support/sip-over-websocket.ts'
import { until } from '../support/until.ts'

/*
 * The callers' page in a real browser, before the real routes. What answers its call is another page of the same browser: so
 * there is sound on the line, encrypted as all browsers' is. With real SIP servers it is told in tests/sip/browser.test.ts.
 */

/** Runs in the page that answers: takes the offer, and speaks with the browser's own beep. */
const ANSWER = `async (offer) => {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true })
  const peer = new RTCPeerConnection()
  window.peers = [peer]
  for (const track of microphone.getTracks()) peer.addTrack(track, microphone)
  // What nobody plays is not even decoded.
  const loudspeaker = new Audio()
  peer.ontrack = ({ streams: [stream] }) => {
    loudspeaker.srcObject = stream
    loudspeaker.play()
  }
  await peer.setRemoteDescription({ type: 'offer', sdp: offer })
  await peer.setLocalDescription()
  while (peer.iceGatheringState !== 'complete')
    await new Promise((resolve) => peer.addEventListener('icegatheringstatechange', resolve, { once: true }))
  return peer.localDescription.sdp
}`
/** Runs there as well: the sound that came so far, as the sum of its energy. */
const ENERGY = `(async () => {
  const stats = [...(await window.peers[0].getStats()).values()]
  return stats.find(({ type }) => type === 'inbound-rtp')?.totalAudioEnergy ?? 0
})()`

describe('The page of a link', () => {
  const links = new PhoneLinksInMemory()
  const sip = new SipOverWebSocket()
  let browser: Browser
  let server: ReturnType<typeof createServer>
  let origin: string
  let answering: Page
  /** Somebody's own site, with the page in a frame as docs/web-phone.md says; and another one. */
  let framed = ''
  const [site, otherSite] = [1, 2].map(() =>
    createServer((_req, res) => {
      res.setHeader('content-type', 'text/html')
      res.end(
        `<iframe src="${framed}" allow="microphone; autoplay" title="Call us" width="400" height="600"></iframe>`,
      )
    }),
  ) as [ReturnType<typeof createServer>, ReturnType<typeof createServer>]
  let ownSite = ''
  let phone: PhonePage

  beforeAll(async () => {
    if (WHY_NO_BROWSER) return
    const assetsDir = await buildPhone()
    await sip.start()
    ownSite = await listenHere(site)
    const at = { url: sip.url, iceServers: [], embedOrigins: [ownSite] }
    server = createServer(testApp({ phone: phoneRoutes({ assetsDir, links, browser: at }) }))
    origin = await listenHere(server)
    browser = await launchChromium()
    answering = await browser.newPage()
    await answering.goto(`${origin}/health`)
  })
  afterAll(async () => {
    await browser?.close()
    for (const each of [server, site, otherSite]) if (each?.listening) await closeHard(each)
    await sip.stop()
  })
  beforeEach(({ skip }) => {
    skip(WHY_NO_BROWSER !== null)
    sip.received.length = 0
    sip.answers = (offer) => answering.evaluate(`(${ANSWER})(${JSON.stringify(offer)})`)
  })
  afterEach(() => phone?.close())

  const energy = () => answering.evaluate<number>(ENERGY)

  async function makeLink(): Promise<string> {
    const draft = { to: '+15550100142', agentId: null, callerNumber: null, callerName: 'Ann' }
    return (await links.create({ ...draft, expiresInSeconds: 60 })).token
  }

  async function open(options = {}): Promise<string> {
    const token = await makeLink()
    phone = await PhonePage.open(browser, `${origin}/phone#${token}`, options)
    await phone.says('Hello, Ann')
    return token
  }

  async function talk(): Promise<void> {
    await open()
    await phone.press('Call')
    await phone.says('Connected')
    await until('the call is acknowledged', () => sip.methods.includes('ACK'))
  }

  test('names whose work it is made with', async () => {
    await open()
    const link = phone.page.getByRole('link', { name: 'Licences' })
    const text = await (await fetch(new URL((await link.getAttribute('href')) ?? '', origin))).text()
    for (const name of ['jssip', 'react-dom']) expect(text).toMatch(new RegExp(`^#+ ${name} - `, 'm'))
  })

  test('calls, says how far the call is, and carries sound both ways', async () => {
    await talk()
    expect(sip.received.find(({ method }) => method === 'INVITE')?.header('To')).toMatch(/^<sip:call@/)
    for (const [state, title] of [
      ['greeting', 'Welcome'],
      ['hold', 'On hold'],
      ['joining', 'Connecting you'],
      ['bridged', 'Connected'],
    ] as const) {
      sip.tell(state)
      await phone.says(title)
    }
    await phone.hears('the other side', ({ energy }) => energy > 0)
    await until('the other side hears the page', async () => (await energy()) > 0)
    await phone.press('Hang up')
    await phone.says('The call has ended')
    await until('the call is hung up', () => sip.methods.includes('BYE'))
    expect(phone.page.url()).not.toContain('#')
    expect(phone.complaints).toEqual([])
  })

  test('ends when the other side hangs up', async () => {
    await talk()
    sip.request('BYE')
    await phone.says('The call has ended')
    await expect.poll(() => phone.page.getByRole('button').count()).toBe(0)
  })

  test('is silent while it is muted, and only then', async () => {
    await talk()
    await until('the other side hears the page', async () => (await energy()) > 0)
    await phone.press('Mute')
    await phone.page.getByRole('button', { name: 'Mute', pressed: true }).waitFor()
    // The browser's beep comes each second.
    const beepsIn = async (ms: number) => {
      const before = await energy()
      await phone.page.waitForTimeout(ms)
      return (await energy()) - before
    }
    await until('nothing is heard of it', async () => (await beepsIn(1_500)) < 1e-6)
    await phone.press('Mute')
    const silent = await energy()
    await until('it is heard again', async () => (await energy()) > silent + 1e-6)
  })

  test('sends keys that are pressed, and those that are typed', async () => {
    await talk()
    await phone.press('Keypad')
    await phone.press('4')
    await phone.press('Star')
    await phone.page.keyboard.press('7')
    await phone.press('Hash')
    expect(await phone.keys()).toBe('4*7#')
    await expect.poll(() => phone.page.getByLabel('Keys that were pressed').textContent()).toBe('4*7#')
  })

  test('can call it off while it rings, and call again', async () => {
    await open()
    const never = Promise.withResolvers<number>()
    sip.answers = () => never.promise
    await phone.press('Call')
    await phone.says('Ringing')
    await phone.press('Cancel')
    await phone.says('Hello, Ann')
    await until('the call is called off', () => sip.methods.includes('CANCEL'))
    sip.answers = (offer) => answering.evaluate(`(${ANSWER})(${JSON.stringify(offer)})`)
    await phone.press('Call')
    await phone.says('Connected')
    // What was left of the first try is no news of the second.
    await expect.poll(() => phone.page.getByText('The connection is gone').count()).toBe(0)
  })

  test.each([
    [503, /^All lines are busy/],
    [488, /found no way to exchange sound/],
    [500, /did not work \(500\)/],
  ])('says what %s means, and lets one try again', async (status, words) => {
    await open()
    sip.answers = async () => status
    await phone.press('Call')
    await phone.says('The call did not work')
    expect(await phone.sentence()).toMatch(words)
    await phone.page.getByRole('button', { name: 'Call' }).waitFor()
  })

  test('says so when the link was used meanwhile', async () => {
    const token = await open()
    links.change(token, { status: 'used' })
    await phone.press('Call')
    await phone.says('This link does not work')
    expect(await phone.sentence()).toMatch(/^This link has been used/)
  })

  test.each([
    ['used', /^This link has been used/],
    ['expired', /^This link has expired/],
  ] as const)('says at once that a link is %s', async (status, words) => {
    const token = await makeLink()
    links.change(token, { status })
    phone = await PhonePage.open(browser, `${origin}/phone#${token}`)
    await phone.says('This link does not work')
    expect(await phone.sentence()).toMatch(words)
  })

  test.each([
    ['', /cut off at its end/],
    ['#nobody-knows-me', /is not known here/],
  ])('says what is wrong with an address that ends with "%s"', async (end, words) => {
    phone = await PhonePage.open(browser, `${origin}/phone${end}`)
    await phone.says('This link does not work')
    expect(await phone.sentence()).toMatch(words)
  })

  test.each([
    ['NotAllowedError', /was not allowed/],
    ['NotFoundError', /No microphone was found/],
    ['NotReadableError', /another program uses it/],
  ])('says in plain words what %s means, and uses nothing up', async (name, words) => {
    const token = await open()
    await phone.page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name))
    }, name)
    await phone.press('Call')
    await phone.says('The call did not work')
    expect(await phone.sentence()).toMatch(words)
    expect(sip.received).toEqual([])
    expect((await links.find(token))?.status).toBe('waiting')
  })

  test('says that the connection is gone, and goes on with the call', async () => {
    await talk()
    sip.dropConnection()
    await phone.page.getByText('The connection is gone').waitFor()
    await phone.page.getByText('The connection is gone').waitFor({ state: 'hidden' })
    await phone.press('Hang up')
    await until('the call is hung up', () => sip.methods.includes('BYE'))
  })

  test('calls from a frame on a site that is named, and shows itself on no other', async () => {
    framed = `${origin}/phone#${await makeLink()}`
    phone = await PhonePage.open(browser, ownSite)
    const frame = phone.page.frameLocator('iframe')
    await frame.getByRole('button', { name: 'Call' }).click()
    await frame.getByRole('heading', { name: 'Connected' }).waitFor()
    sip.request('BYE')
    await frame.getByRole('heading', { name: 'The call has ended' }).waitFor()
    await phone.close()
    framed = `${origin}/phone#${await makeLink()}`
    phone = await PhonePage.open(browser, await listenHere(otherSite))
    await until('the browser refuses to show it', () =>
      phone.complaints.some((complaint) => complaint.includes('frame-ancestors')),
    )
    await expect.poll(() => phone.page.frameLocator('iframe').getByRole('button').count()).toBe(0)
  })

  test.each([
    ['light', { width: 1280, height: 800 }],
    ['dark', { width: 390, height: 844 }],
    ['light', { width: 320, height: 480 }],
  ] as const)('has no fault that axe-core finds, in %s at %o', async (colorScheme, viewport) => {
    await open({ colorScheme, viewport })
    const isFit = async () => {
      expect(await phone.accessibilityFaults()).toEqual([])
      const width = await phone.page.evaluate('document.documentElement.scrollWidth')
      expect(width).toBeLessThanOrEqual(viewport.width)
    }
    await isFit()
    await phone.press('Call')
    await phone.says('Connected')
    await phone.press('Keypad')
    await isFit()
    sip.request('BYE')
    await phone.says('The call has ended')
    await isFit()
  })
})
