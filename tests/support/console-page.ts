import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { AudioFigures } from '../../src/console/test-call/test-call.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export type Saying = { who: string; text: string }

/** The console as a person uses it; works against any service that serves one. */
export class ConsolePage {
  readonly page: Page
  readonly #context: BrowserContext
  readonly #url: string
  /** What the browser complained about, and every host other than the service's that the page turned to. */
  readonly complaints: string[] = []
  readonly foreignRequests: string[] = []

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<ConsolePage> {
    const context = await browser.newContext(options)
    return new ConsolePage(context, await context.newPage(), url)
  }

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.#context = context
    this.page = page
    this.#url = url
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      // Chromium also complains of the page that asks to sign in, whose status says that one has not.
      const isSignIn = message.text().includes('401') && new URL(message.location().url).pathname === '/'
      if (message.type() === 'error' && !isSignIn) this.complaints.push(message.text())
    })
    page.on('request', (request) => this.#notice(request.url()))
    page.on('websocket', (socket) => this.#notice(socket.url()))
  }

  async close(): Promise<void> {
    await this.#context.close()
  }

  /** Without the sign-in page, for tests of something else. */
  async signIn(key: string): Promise<void> {
    await this.beginSession(key)
    await this.page.goto(this.#url)
    await this.page.locator('.setup, .intro').waitFor()
  }

  async beginSession(key: string): Promise<void> {
    await this.#context.request.post(`${this.#url}/console/session`, { data: { key } })
  }

  /** One of the console's pages, as by its link. */
  async visit(hash: string): Promise<void> {
    await this.page.goto(`${this.#url}/${hash}`)
    await this.page.getByRole('heading', { level: 1 }).waitFor()
  }

  /** By the link that the service prints. */
  async signInByLink(key: string): Promise<void> {
    await this.page.goto(`${this.#url}/#key=${encodeURIComponent(key)}`)
    await this.page.getByRole('button', { name: 'Place a test call' }).waitFor()
  }

  async signInByForm(key: string): Promise<void> {
    await this.page.getByLabel('Admin key').fill(key)
    await this.page.getByRole('button', { name: 'Sign in' }).click()
  }

  /** The browser will say that the person does not allow the microphone. */
  async refuseMicrophone(): Promise<void> {
    await this.page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException('Permission denied', 'NotAllowedError'))
    })
  }

  async placeCall({ caller = 'recorded voice', microphone = true } = {}): Promise<void> {
    await this.page.getByRole('radio', { name: caller }).check()
    await this.page.getByRole('checkbox', { name: 'Speak with my microphone' }).setChecked(microphone)
    await this.page.getByRole('button', { name: 'Place a test call' }).click()
  }

  async hangUp(): Promise<void> {
    await this.page.getByRole('button', { name: 'Hang up' }).click()
  }

  /** Waits until the call has been in this state, of the statechart's names, be it for ever so short. */
  async sawState(state: string, timeout = 15_000): Promise<void> {
    await this.page.locator(`.timeline [data-state="${state}"]`).first().waitFor({ timeout })
  }

  /** The states that the call went through, in order. */
  states(): Promise<string[]> {
    return this.page.locator('.timeline .state').allTextContents()
  }

  async title(): Promise<string> {
    return (await this.page.getByRole('heading', { level: 1 }).textContent()) ?? ''
  }

  /** What a screen reader announces about the call. */
  async announced(): Promise<string> {
    return (await this.page.locator('.happening[role=status] > *').allTextContents()).join(': ')
  }

  async sayings(): Promise<Saying[]> {
    const turns = await this.page.locator('.turns li').all()
    return Promise.all(
      turns.map(async (turn) => ({
        who: (await turn.locator('.who').textContent()) ?? '',
        text: (await turn.locator('p').textContent()) ?? '',
      })),
    )
  }

  /** The rows of the recent calls, the newest first. */
  async recentCalls(): Promise<string[][]> {
    const rows = await this.page.locator('.recent tbody tr').all()
    return Promise.all(rows.map((row) => row.locator('td').allTextContents()))
  }

  figures(): Promise<AudioFigures> {
    return this.page.evaluate(() => (window as unknown as { testCallFigures: AudioFigures }).testCallFigures)
  }

  /** Waits until the figures are as wanted, for which the sound needs its own real time. */
  async heardAndSpoke(isEnough: (figures: AudioFigures) => boolean): Promise<AudioFigures> {
    for (;;) {
      const figures = await this.figures()
      if (isEnough(figures)) return figures
      await this.page.waitForTimeout(50)
    }
  }

  /** What axe-core finds wrong with the page as it is now. */
  async accessibilityFaults(): Promise<string[]> {
    await this.page.evaluate(AXE)
    const { violations } = (await this.page.evaluate('axe.run()')) as AxeResults
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`),
    )
  }

  #notice(url: string): void {
    if (/^(data|blob):/.test(url)) return
    if (new URL(url).host !== new URL(this.#url).host) this.foreignRequests.push(url)
  }
}
