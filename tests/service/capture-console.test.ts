import { expect, test } from 'vitest'
import { logWhatLibrariesPrint } from '../../src/observability/capture-console.ts'
import { createLogger } from '../../src/observability/log.ts'

test('what libraries print is a line of the log, without the message that they quote', () => {
  const lines: string[] = []
  const printer = { error() {}, warn() {}, info() {}, log() {} } as Pick<
    Console,
    'error' | 'warn' | 'info' | 'log'
  >
  const log = createLogger('warn', { write: (line) => lines.push(line) })
  logWhatLibrariesPrint(log, printer)
  const invite =
    'INVITE sip:+15550142@host SIP/2.0\r\nFrom: <sip:+15557654321@host>\r\nProxy-Authorization: secret'
  printer.error(new Error('failed to parse sip message'), `unable to parse incoming message: ${invite}`)
  printer.info('Mediaserver: connected to freeswitch')
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'warn',
    printed: 'failed to parse sip message unable to parse incoming message: INVITE sip:+1555…42@host SIP/2.0',
  })
})
