import { environment, SETTING_NAMES, SETTING_SCHEMAS } from './config.ts'
import { aboutSetting } from './setting-types.ts'

/** A setting as an operator may see it. */
export type SettingInUse = {
  name: string
  /** As it was set, or the default; null when it is hidden, or when there is none. */
  value: string | null
  isSet: boolean
  isSecret: boolean
  /** Which values are allowed, in words. */
  allowed: string
}

/** Every setting with what was found for it in the environment; no secret leaves this. */
export function settingsInUse(env: NodeJS.Dict<string> = environment()): SettingInUse[] {
  return SETTING_NAMES.map((name) => {
    const schema = SETTING_SCHEMAS[name]
    const { allowed, secret: isSecret = false } = aboutSetting(schema)
    const found = env[name]?.trim() || undefined
    const value = isSecret ? null : (found ?? defaultOf(schema))
    return { name, value: value && withoutCredentials(value), isSet: found !== undefined, isSecret, allowed }
  })
}

function defaultOf(schema: (typeof SETTING_SCHEMAS)[keyof typeof SETTING_SCHEMAS]): string | null {
  const { type, defaultValue } = schema.def as { type: string; defaultValue?: unknown }
  return type === 'prefault' && typeof defaultValue === 'string' ? defaultValue : null
}

const withoutCredentials = (value: string) => value.replace(/\/\/[^/]*@/, '//(hidden)@')
