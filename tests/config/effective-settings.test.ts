import { expect, it } from 'vitest'
import { SETTING_NAMES } from '../../src/config/config.ts'
import { settingsInUse } from '../../src/config/effective-settings.ts'

const byName = (env: NodeJS.Dict<string>) =>
  Object.fromEntries(settingsInUse(env).map((setting) => [setting.name, setting]))

it('tells every setting, with its default when it is not set', () => {
  expect(Object.keys(byName({}))).toEqual([...SETTING_NAMES])
  expect(byName({}).PORT).toMatchObject({ value: '3006', isSet: false, isSecret: false })
  expect(byName({}).PUBLIC_URL).toMatchObject({ value: null, isSet: false })
  expect(byName({ PORT: ' 8080 ' }).PORT).toMatchObject({ value: '8080', isSet: true })
})

it('tells of a secret only that it is set', () => {
  const secrets = settingsInUse({}).filter(({ isSecret }) => isSecret)
  const env = Object.fromEntries(secrets.map(({ name }) => [name, `secret of ${name}`]))
  for (const name of ['ADMIN_API_KEY', 'TWILIO_AUTH_TOKEN', 'ELEVENLABS_API_KEY', 'DATABASE_URL']) {
    expect(byName(env)[name]).toMatchObject({ value: null, isSet: true, isSecret: true })
  }
  expect(JSON.stringify(settingsInUse(env))).not.toContain('secret of')
})

it('shows no password in an address', () => {
  const { GREETING_MUSIC_URL } = byName({ GREETING_MUSIC_URL: 'https://ann:secret@example.com/track.mp3' })
  expect(GREETING_MUSIC_URL?.value).toBe('https://(hidden)@example.com/track.mp3')
})
