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
  const lines = error instanceof ConfigError ? error.faults : [whyNotStarted(error)]
  for (const line of lines) process.stderr.write(`${line}\n`)
  process.exit(error instanceof ConfigError ? WRONG_SETTINGS : 1)
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

/** The faults that people meet, each with its mend; what is left is ours, and comes with its stack. */
function whyNotStarted(error: unknown): string {
  const { code, address, port, stack } = error as NodeJS.ErrnoException & { address?: string; port?: number }
  switch (code) {
    case 'EADDRINUSE':
      return `PORT: ${port} is taken on ${address}; end what listens there, or set PORT to another`
    case 'EACCES':
      return `PORT: ${port} on ${address} may not be listened on by this user; set PORT to one above 1023`
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
      return `DATABASE_URL: no PostgreSQL answers there (${code}); start it, or correct the setting`
    case '28P01':
    case '3D000':
      return `DATABASE_URL: ${(error as Error).message}; correct the setting`
    default:
      return `The service could not start: ${stack ?? error}`
  }
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
