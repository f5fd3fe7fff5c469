import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { createLogger, maskNumber, openLog } from '../../src/observability/log.ts'

function collected(level: string) {
  const lines: Record<string, unknown>[] = []
  const log = createLogger(level, { write: (line) => lines.push(JSON.parse(line)) })
  return { log, lines }
}

describe('personal data', () => {
  test.each(['info', 'warn', 'error', 'fatal'] as const)('is left out at %s', (level) => {
    const { log, lines } = collected('trace')
    log[level]({ callId: 'c1', pii: { from: '+15551234567' } }, 'call arrived')
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({ level, callId: 'c1', msg: 'call arrived' })
    expect(lines[0]).not.toHaveProperty('pii')
  })

  test.each(['debug', 'trace'] as const)('is written at %s', (level) => {
    const { log, lines } = collected('trace')
    log[level]({ pii: { text: 'hello' } }, 'caller spoke')
    expect(lines[0]).toMatchObject({ pii: { text: 'hello' } })
  })

  it('is never bound to a child', () => {
    const { log, lines } = collected('info')
    log.child({ callId: 'c1', pii: { from: '+15551234567' } }).info('call arrived')
    expect(lines[0]).toMatchObject({ callId: 'c1' })
    expect(lines[0]).not.toHaveProperty('pii')
  })

  it('is masked in the messages of errors and of their causes', () => {
    const { log, lines } = collected('info')
    const error = new Error('cannot call +15551234567', { cause: new Error('+15551234567 is not valid') })
    log.error({ err: error }, 'call failed')
    expect(JSON.stringify(lines)).not.toContain('+15551234567')
    expect(lines[0]?.err).toMatchObject({
      message: 'cannot call +1555…67',
      cause: { message: '+1555…67 is not valid' },
    })
  })
})

describe('errors', () => {
  it('keep what SDKs hang on them to themselves', () => {
    const { log, lines } = collected('info')
    const error = Object.assign(new Error('Unauthorized'), {
      code: 20003,
      config: { headers: { authorization: 'Basic c2VjcmV0' } },
    })
    log.error({ err: error }, 'request failed')
    expect(lines[0]?.err).toMatchObject({ type: 'Error', message: 'Unauthorized', code: 20003 })
    expect(JSON.stringify(lines)).not.toContain('c2VjcmV0')
  })

  it('are told as far as they can be when an SDK gives them no message', () => {
    const { log, lines } = collected('info')
    log.error({ err: Object.assign(new Error(), { message: undefined, code: 20500 }) }, 'request failed')
    expect(lines[0]?.err).toMatchObject({ type: 'Error', code: 20500 })
  })
})

test.each([
  ['+15551234567', '+1555…67'],
  ['15551234567', '15551…67'],
  ['+1555', '…55'],
  ['anonymous', '…us'],
])('%s is shown as %s', (number, masked) => {
  expect(maskNumber(number)).toBe(masked)
})

it('writes to the file that was set, making its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'log-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'deep', 'service.log')
  const { log, close } = openLog({ level: 'info', file })
  log.info({ port: 1 }, 'started')
  await close()
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ level: 'info', port: 1, msg: 'started' })
})
