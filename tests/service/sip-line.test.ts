import { expect, test } from 'vitest'
import { sipLine } from '../../src/composition/sip-line.ts'
import { loadConfig } from '../../src/config/config.ts'

const lineOf = (settings: Record<string, string>) => sipLine(loadConfig(settings).sip)

test('there is none without SIP', () => {
  expect(lineOf({ SIP_USERS: 'ann:secret' })).toBeNull()
})

test('it is told where to dial and who may, and no password', () => {
  const secrets = { DRACHTIO_SECRET: 'abc', FREESWITCH_SECRET: 'def' }
  const settings = {
    ENABLE_SIP_HANDLER: 'true',
    ...secrets,
    SIP_TRUNKS: '10.0.0.0/8',
    SIP_USERS: 'ann:a-long-password',
  }
  expect(lineOf(settings)).toEqual({
    host: null,
    port: 5060,
    numbers: null,
    trunks: ['10.0.0.0/8'],
    users: ['ann'],
  })
  const own = { ...settings, SIP_HOST: '2001:db8::7', SIP_PORT: '5070', SIP_NUMBERS: '+15551234567' }
  expect(lineOf(own)).toMatchObject({ host: '[2001:db8::7]', port: 5070, numbers: ['+15551234567'] })
})
