import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Where this machine has a Chromium; undefined when it has none. */
const CHROMIUM = PLACES.find((place) => existsSync(place))

/** Why the tests in a browser are left out; null when they are not, be it that one is there or that one must be. */
export const WHY_NO_BROWSER =
  CHROMIUM || process.env.REQUIRE_BROWSER === '1'
    ? null
    : `there is no Chromium at ${PLACES.join(', ')}; with REQUIRE_BROWSER=1 this is a failure`

/** A browser with a microphone that every page may use: it beeps, or says what is in a WAV file over and over. */
export function launchChromium({ microphone }: { microphone?: string } = {}): Promise<Browser> {
  if (!CHROMIUM) throw new Error(`REQUIRE_BROWSER is 1, but there is no Chromium at ${PLACES.join(', ')}.`)
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      // Tests' servers are on this machine alone.
      '--allow-loopback-in-peer-connection',
      ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : []),
    ],
  })
}
