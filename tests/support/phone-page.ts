import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { until } from './until.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Runs in the page before its own scripts: its connections can be looked into, and the keys that it sends. */
const WATCH_CALLS = `{
  window.peers = []
  window.keys = ''
  const Own = RTCPeerConnection
  window.RTCPeerConnection = class extends Own {
    constructor(...given) {
      super(...given)
      window.peers.push(this)
    }
  }
  const insert = RTCDTMFSender.prototype.insertDTMF
  RTCDTMFSender.prototype.insertDTMF = function (tones, ...rest) {
    window.keys += tones.at(-1)
    return insert.call(this, tones, ...rest)
  }
}`

/** Runs in the page: begins to keep what is heard, at 8 kHz, unless that is done already; null before there is anything. */
const LISTEN = `(async () => {
  const peer = window.peers.at(-1)
  const [receiver] = peer?.getReceivers() ?? []
  if (!receiver) return null
  if (!window.ear) {
    const context = new AudioContext({ sampleRate: 8000 })
    await context.resume()
    window.heard = []
    window.ear = context.createScriptProcessor(1024, 1, 1)
    window.ear.onaudioprocess = ({ inputBuffer }) => window.heard.push(...inputBuffer.getChannelData(0))
    context.createMediaStreamSource(new MediaStream([receiver.track])).connect(window.ear)
    window.ear.connect(context.destination)
  }
  const stats = [...(await receiver.getStats()).values()]
  const inbound = stats.find(({ type }) => type === 'inbound-rtp')
  return {
    energy: inbound?.totalAudioEnergy ?? 0,
    packets: inbound?.packetsReceived ?? 0,
    codec: stats.find(({ type }) => type === 'codec')?.mimeType ?? null,
    samples: window.heard.length,
  }
})()`

/** Runs in the page: what was kept from a sample on, as 16-bit numbers. */
const KEPT = `(from) => window.heard.slice(from).map((sample) => Math.round(sample * 32767))`

export type Heard = {
  energy: number
  packets: number
  codec: string | null
  frequency: number
  level: number
}

/** The callers' page as a caller uses it. */
export class PhonePage {
  readonly page: Page
  readonly complaints: string[] = []
  readonly #context: BrowserContext

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<PhonePage> {
    const context = await browser.newContext(options)
    const phone = new PhonePage(context, await context.newPage())
    await phone.page.addInitScript(WATCH_CALLS)
    await phone.page.goto(url)
    return phone
  }

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()))
  }

  async close(): Promise<void> {
    await this.#context.close()
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole('button', { name: button, exact: true }).click()
  }

  /** Resolves when the page says so in its heading. */
  async says(title: string, timeout = 15_000): Promise<void> {
    await this.page.getByRole('heading', { name: title, exact: true }).waitFor({ timeout })
  }

  async sentence(): Promise<string> {
    return (await this.page.locator('.happening p').first().textContent()) ?? ''
  }

  /** What was heard from this sample on, at 8 kHz; nothing is kept before `heard` was asked for the first time. */
  async sound(from = 0): Promise<Int16Array> {
    return Int16Array.from(await this.page.evaluate<number[]>(`(${KEPT})(${from})`))
  }

  /** Null before there is a connection. */
  heard(): Promise<Heard | null> {
    return this.page.evaluate(LISTEN)
  }

  /** Resolves when what has been heard is as wanted. */
  async hears(what: string, isIt: (heard: Heard) => boolean, timeoutMs = 20_000): Promise<Heard> {
    let last: Heard | null = null
    const look = async () => {
      last = await this.heard()
      return last !== null && isIt(last) ? last : null
    }
    return until(`the page hears ${what}`, look, () => JSON.stringify(last), timeoutMs)
  }

  keys(): Promise<string> {
    return this.page.evaluate('window.keys')
  }

  async accessibilityFaults(): Promise<string[]> {
    await this.page.evaluate(AXE)
    const { violations } = (await this.page.evaluate('axe.run()')) as AxeResults
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))
  }
}
