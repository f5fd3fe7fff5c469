import { type Config, ConfigError, configWarnings, loadConfig } from './config.ts'
import { openLog } from './log.ts'
import { adminKey } from './service/admin-key.ts'
import { Demo } from './service/demo.ts'
import { Service } from './service/service.ts'
import { openStorage } from './service/storage.ts'

/* The process: settings in, a running service, and its end. */

/** What a shell shows for a command that was given wrong settings (sysexits.h, EX_CONFIG). */
const WRONG_SETTINGS = 78

const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  await run(loadConfig())
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  for (const fault of error.faults) process.stderr.write(`${fault}\n`)
  process.exitCode = WRONG_SETTINGS
}

async function run(settings: Config): Promise<void> {
  const { log, close: closeLog } = openLog(settings.log)
  for (const warning of configWarnings(settings)) log.warn(warning)
  const demo = await Demo.start(settings, log)
  const { config } = demo
  const admin = await adminKey(config.admin.apiKey, config.dataDir)
  const storage = await openStorage(config.database.url, config.dataDir, log)
  const service = await Service.start({ config, adminKey: admin.key, storage, log })
  await demo.connect(service, storage)
  greetOperator(config, service.port, admin)

  let isStopping = false
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ signal }, 'stopping: no new calls; live ones may end')
    await service.drain()
    await service.stop()
    await demo.stop()
    await closeLog()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
}

/** The key is shown once, when it is made; a console that was opened with it stays signed in. */
function greetOperator(
  { http, dataDir }: Config,
  port: number,
  { key, isNew }: { key: string; isNew: boolean },
): void {
  const host = ['0.0.0.0', '::'].includes(http.host) ? 'localhost' : http.host
  const console = `http://${host}:${port}/`
  if (isNew)
    say(
      `Open the console at ${console}#key=${key} (the admin key is shown this once, and kept in ${dataDir}/admin-key)`,
    )
  else say(`Open the console at ${console}`)
}
