import { runCommand } from './commands/command.ts'
import { WRONG_SETTINGS } from './commands/exit-status.ts'
import { ignoreClosedOutput } from './commands/print-line.ts'
import { adminKey } from './composition/admin-key.ts'
import { operatorLines } from './composition/operator-lines.ts'
import { keepOrigin } from './composition/origin-file.ts'
import { Service } from './composition/service.ts'
import {
  readStartOptions,
  START_SYNOPSIS,
  START_USAGE,
  type StartOptions,
} from './composition/start-options.ts'
import { onStopSignals } from './composition/stop-signals.ts'
import { openStorage } from './composition/storage.ts'
import { whyNotStarted } from './composition/why-not-started.ts'
import { type Config, ConfigError, loadConfig, settingSources } from './config/config.ts'
import { configWarnings, warningLine } from './config/config-warnings.ts'
import { settingsInUse } from './config/effective-settings.ts'
import { misspeltSettings } from './config/unknown-settings.ts'
import { type Demo, OneProcessDemo } from './demo/demo.ts'
import { HandedOnDemo } from './demo/demo-service.ts'
import { DemoWorld, isWholeDemo } from './demo/demo-world.ts'
import { logWhatLibrariesPrint } from './observability/capture-console.ts'
import { openLog } from './observability/log.ts'

/* The process: settings in, a running service, and its end. */

/** Closing streams, putting jobs away and stopping the embedded database takes some seconds. */
const ENDING_MS = 15_000

const say = (line: string): void => void process.stdout.write(`${line}\n`)

ignoreClosedOutput()

const start = {
  synopsis: START_SYNOPSIS,
  usage: START_USAGE,
  read: readStartOptions,
  run: async ({ isDemoService }: StartOptions) => {
    await run(loadConfig(), isDemoService)
    return 0
  },
}

try {
  process.exitCode = await runCommand(start, { args: process.argv.slice(2), print: say })
} catch (error) {
  const isConfig = error instanceof ConfigError
  const lines = isConfig ? [...error.faults, ...misspeltSettings(settingSources())] : [whyNotStarted(error)]
  for (const line of lines) process.stderr.write(`${line}\n`)
  process.exit(isConfig ? WRONG_SETTINGS : 1)
}

async function run(settings: Config, isDemoService: boolean): Promise<void> {
  if (isWholeDemo(settings) && !isDemoService) return runWorld(settings)
  const { log, close: closeLog } = openLog(settings.log)
  logWhatLibrariesPrint(log)
  const warnings = configWarnings(settings).map(warningLine)
  for (const warning of [...misspeltSettings(settingSources()), ...warnings]) log.warn(warning)
  const hurry = new AbortController()
  const serving = serve()
  // From the first moment on: a start that is cut off would leave its database behind.
  onStopSignals({ stop, hurry: endNow })
  const { config, admin, service } = await serving
  if (!isDemoService) for (const line of operatorLines(config, service.port, admin)) say(line)

  async function serve() {
    const demo: Demo = isDemoService
      ? await HandedOnDemo.start(settings)
      : await OneProcessDemo.start(settings, log)
    const { config } = demo
    const admin = await adminKey(config.admin.apiKey, config.dataDir)
    const { url, migrationUrl } = config.database
    const storage = await openStorage(url, config.dataDir, log, migrationUrl)
    const service = await Service.start({
      config,
      storage,
      log,
      settings: settingsInUse(),
      kill: demo.kill,
      adminKey: admin.key,
    })
    await demo.connect(service, storage)
    const forgetOrigin = isDemoService ? async () => {} : await keepOrigin(config, service.port, log)
    return { config, admin, demo, service, forgetOrigin }
  }

  /** In order as well; but whoever asks twice does not wait for something that hangs. */
  function endNow(): void {
    hurry.abort()
    setTimeout(() => process.exit(1), ENDING_MS).unref()
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    const { drainMs } = settings
    log.info({ signal, drainMs }, 'stopping: no new calls; live ones may end')
    say(`Stopping: live calls may go on for ${drainMs / 1000} s; the same signal again ends them now.`)
    const started = await serving.catch(() => null)
    if (started === null) return
    const { service, forgetOrigin, demo } = started
    await service.drain(hurry.signal)
    await service.stop().catch((err) => log.warn({ err }, 'not everything could be stopped in order'))
    await forgetOrigin()
    await demo.stop()
    await closeLog()
    process.exit(0)
  }
}

/** A demo's service is a process of its own, so that it can be killed before everyone's eyes; this one is the world around it. */
async function runWorld(settings: Config): Promise<void> {
  // A log file is the service's alone.
  const logged = settings.log.file === null ? settings.log : ({ level: 'warn', file: null } as const)
  const { log, close: closeLog } = openLog(logged)
  const admin = await adminKey(settings.admin.apiKey, settings.dataDir)
  const world = await DemoWorld.start(settings, log)
  // The service tells two requests from one that came twice.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => world.stop(signal))
  const forgetOrigin = world.isReady ? await keepOrigin(settings, world.port, log) : async () => {}
  if (world.isReady) for (const line of operatorLines(settings, world.port, admin)) say(line)
  const status = await world.ended
  await forgetOrigin()
  await closeLog()
  process.exit(status)
}
