import { type Config, ConfigError, loadConfig, SETTING_NAMES } from '../config/config.ts'
import { configWarnings } from '../config/config-warnings.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

const NAME = 'settings'

/** The settings, or null when they are not valid, and what is to be said about them; `misspelt` tells the names that are no setting's. */
export function examineSettings(
  read: () => NodeJS.Dict<string>,
  misspelt: () => string[] = () => [],
): { config: Config | null; findings: Finding[] } {
  const { config, findings } = examineValues(read)
  return {
    config,
    findings: [...findings, ...readable(misspelt).map((name) => warn(NAME, name, `rename it ${WHERE}`))],
  }
}

/** A .env that cannot be read has been told of by then. */
function readable(names: () => string[]): string[] {
  try {
    return names()
  } catch {
    return []
  }
}

function examineValues(read: () => NodeJS.Dict<string>): { config: Config | null; findings: Finding[] } {
  try {
    const env = read()
    const config = loadConfig(env)
    const set = SETTING_NAMES.filter((name) => env[name]?.trim()).length
    return { config, findings: [ok(NAME, `valid, ${set} of ${SETTING_NAMES.length} set`), ...risks(config)] }
  } catch (error) {
    return { config: null, findings: faults(error) }
  }
}

function faults(error: unknown): Finding[] {
  if (error instanceof ConfigError) {
    return error.faults.map((fault) => fail(NAME, fault, `change it ${WHERE}`))
  }
  const { message } = error as Error
  return [
    fail(NAME, `.env cannot be read: ${message}`, 'let this user read .env, and keep to NAME=value lines'),
  ]
}

const WHERE = 'in .env or in the environment, then restart the service'

const risks = (config: Config): Finding[] =>
  configWarnings(config).map(({ name, finding, mend }) =>
    warn(NAME, `${name} ${finding}`, `${mend}, ${WHERE}`),
  )
