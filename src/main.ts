import { type Config, ConfigError, loadConfig, settingSources } from './config.ts'
import { configWarnings, warningLine } from './config-warnings.ts'
import { openLog } from './log.ts'
import { misspeltSettings } from './misspelt-settings.ts'
import { logWhatLibrariesPrint } from './printing-libraries.ts'
import { adminKey } from './service/admin-key.ts'
import { type Demo, OneProcessDemo } from './service/demo.ts'
import { DEMO_SERVICE } from './service/demo-messages.ts'
import { HandedOnDemo } from './service/demo-service.ts'
import { DemoWorld, isWholeDemo } from './service/demo-world.ts'
import { keepOrigin } from './service/kept-origin.ts'
import { operatorLines } from './service/operator-lines.ts'
import { Service } from './service/service.ts'
import { openStorage, UnusableDatabase } from './service/storage.ts'
import { settingsInUse } from './settings-in-use.ts'

/* The process: settings in, a running service, and its end. */

/** What a shell shows for a command that was given wrong settings (sysexits.h, EX_CONFIG). */
const WRONG_SETTINGS = 78

const say = (line: string): void => void process.stdout.write(`${line}\n`)

try {
  await run(loadConfig())
} catch (error) {
  const lines =
    error instanceof ConfigError
      ? [...error.faults, ...misspeltSettings(settingSources())]
      : [whyNotStarted(error)]
  for (const line of lines) process.stderr.write(`${line}\n`)
  process.exit(error instanceof ConfigError ? WRONG_SETTINGS : 1)
}

async function run(settings: Config): Promise<void> {
  const isDemoService = process.argv.includes(DEMO_SERVICE)
  if (isWholeDemo(settings) && !isDemoService) return runWorld(settings)
  const { log, close: closeLog } = openLog(settings.log)
  logWhatLibrariesPrint(log)
  const warnings = configWarnings(settings).map(warningLine)
  for (const warning of [...misspeltSettings(settingSources()), ...warnings]) log.warn(warning)
  const demo: Demo = isDemoService
    ? await HandedOnDemo.start(settings)
    : await OneProcessDemo.start(settings, log)
  const { config } = demo
  const admin = await adminKey(config.admin.apiKey, config.dataDir)
  const storage = await openStorage(config.database.url, config.dataDir, log)
  let forgetOrigin = async () => {}
  const serving = serve()
  let isStopping = false
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1)
    isStopping = true
    log.info({ signal, drainMs: config.drainMs }, 'stopping: no new calls; live ones may end')
    const seconds = config.drainMs / 1000
    say(`Stopping: live calls may go on for ${seconds} s; the same signal again ends them now.`)
    const service = await serving
    await service.drain()
    await service.stop()
    await forgetOrigin()
    await demo.stop()
    await closeLog()
    process.exit(0)
  }
  // Calls are taken before all is said and done: from then on nobody may be cut off.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, stop)
  const { port } = await serving
  if (!isDemoService) for (const line of operatorLines(config, port, admin)) say(line)

  async function serve(): Promise<Service> {
    const service = await Service.start({
      config,
      settings: settingsInUse(),
      kill: demo.kill,
      adminKey: admin.key,
      storage,
      log,
    })
    await demo.connect(service, storage)
    if (!isDemoService) forgetOrigin = await keepOrigin(config, service.port, log)
    return service
  }
}

/** A demo's service is a process of its own, so that it can be killed before everyone's eyes; this one is the world around it. */
async function runWorld(settings: Config): Promise<void> {
  // A log file is the service's alone.
  const logged = settings.log.file === null ? settings.log : ({ level: 'warn', file: null } as const)
  const { log, close: closeLog } = openLog(logged)
  const admin = await adminKey(settings.admin.apiKey, settings.dataDir)
  const world = await DemoWorld.start(settings, log)
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => world.stop(signal))
  const forgetOrigin = world.isReady ? await keepOrigin(settings, world.port, log) : async () => {}
  if (world.isReady) for (const line of operatorLines(settings, world.port, admin)) say(line)
  const status = await world.ended
  await forgetOrigin()
  await closeLog()
  process.exit(status)
}

/** The faults that people meet, each with its mend; what is left is ours, and comes with its stack. */
function whyNotStarted(error: unknown): string {
  const { code, syscall, address, port, path, stack } = error as Fault
  if (syscall === 'listen' && ['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL'].includes(code ?? ''))
    return `HOST: ${address} is no address of this machine (${code}); 0.0.0.0 is all of them`
  if (syscall === 'listen')
    return `PORT: ${port} on ${address} cannot be listened on (${code}); set PORT to another`
  if (path && ['EEXIST', 'ENOTDIR'].includes(code ?? '')) {
    return `DATA_DIR: ${path} is not a folder (${code}); set DATA_DIR to one, or to where one can be made`
  }
  if (path && ['EACCES', 'EPERM', 'EROFS', 'ENOSPC'].includes(code ?? '')) {
    return `DATA_DIR: ${path} cannot be written by this user (${code}); mend its owner or set DATA_DIR to another folder`
  }
  return error instanceof UnusableDatabase ? error.message : `The service could not start: ${stack ?? error}`
}

type Fault = NodeJS.ErrnoException & { address?: string; port?: number }
