import { open, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { decodeMuLaw, MU_LAW_RATE, muLawMilliseconds } from '../../audio/mulaw.ts'
import { muLawFromWav } from '../../audio/mulaw-from-wav.ts'
import { WavError, writePcmWav } from '../../audio/wav.ts'
import { type CommandLine, runCommand, UsageError } from '../../commands/command.ts'
import { findAdminKey, NoAdminKey } from './admin-key-lookup.ts'
import { type CallCommandOptions, readCallOptions, SYNOPSIS, USAGE } from './call-options.ts'
import { PhoneError } from './phone-client.ts'
import { ApiError, ServiceApi } from './service-api.ts'
import { ensureService, findService, ServiceUnavailable } from './service-process.ts'
import { TestCall } from './test-call.ts'
import { conversationLines } from './timeline-lines.ts'

/*
 * `npm run call`: a test call from a terminal, through the whole real path.
 */

const SAMPLE = new URL('../assets/caller-sample.wav', import.meta.url)

/** What the command works in. */
export type Surroundings = CommandLine & {
  env: NodeJS.Dict<string>
  /** Aborted when the person at the terminal wants to end the call. */
  interrupted: AbortSignal
}

/** Runs the command and resolves with its exit status: 0 bridged, 1 not bridged or failed, 2 wrong options. */
export async function callCommand(surroundings: Surroundings): Promise<number> {
  const command = {
    synopsis: SYNOPSIS,
    usage: USAGE,
    read: (args: string[]) => readCallOptions(args, surroundings.env),
    run: (options: CallCommandOptions) => callThrough(options, surroundings),
  }
  return runCommand(command, surroundings).catch((error: unknown) => {
    if (!isExpected(error)) throw error
    surroundings.print(error.message)
    return 1
  })
}

async function callThrough(
  options: CallCommandOptions,
  { env, print, interrupted }: Surroundings,
): Promise<number> {
  const speech = await readSpeech(options.wav, print)
  if (options.out) await checkWritable(options.out)
  const { url, mayStart } = options
  const service = mayStart
    ? await ensureService(url, { env, print, signal: interrupted })
    : await findService(url)
  try {
    const api = new ServiceApi(service.url, await findAdminKey(options.key, env))
    const to = options.agent === null ? undefined : await api.numberOf(options.agent)
    const call = new TestCall({ ...options, to, url: service.url, api, speech, print, interrupted })
    await call.run()
    await report(call, options, print)
    return call.bridgedAfter === null ? 1 : 0
  } finally {
    await service.stop()
  }
}

async function report(
  call: TestCall,
  { out }: CallCommandOptions,
  print: (line: string) => void,
): Promise<void> {
  print('')
  print('Conversation')
  for (const line of conversationLines(await call.conversation())) print(line)
  print('')
  const { heard, bridgedAfter, trouble } = call
  if (out) {
    await writeFile(out, writePcmWav({ samples: decodeMuLaw(heard), rate: MU_LAW_RATE }))
    print(`What the caller heard, ${(muLawMilliseconds(heard.length) / 1000).toFixed(1)} s, is in ${out}.`)
  }
  if (trouble !== null) print(`What went wrong last: ${trouble} (docs/end-reasons.md)`)
  if (bridgedAfter === null) print('The caller was NOT joined to the voice agent.')
  else print(`The caller was joined to the voice agent after ${bridgedAfter.toFixed(2)} s.`)
}

/** Before the call, for afterwards there would be nowhere to put what was heard. */
async function checkWritable(file: string): Promise<void> {
  try {
    await (await open(file, 'a')).close()
  } catch (error) {
    throw new UsageError(`--out ${file} cannot be written: ${(error as Error).message}`)
  }
}

async function readSpeech(wav: string | null, print: (line: string) => void): Promise<Buffer> {
  try {
    return muLawFromWav(await readFile(wav ?? SAMPLE))
  } catch (error) {
    const file = wav ?? fileURLToPath(SAMPLE)
    if (error instanceof WavError) throw new UsageError(`${file}: ${error.message}`)
    if (wav !== null) throw new UsageError(`${file} cannot be read: ${(error as Error).message}`)
    print(`The caller stays silent: there is no ${file}. Give the caller something to say with --wav FILE.`)
    return Buffer.alloc(0)
  }
}

function isExpected(error: unknown): error is Error {
  return [ServiceUnavailable, NoAdminKey, ApiError, PhoneError].some((kind) => error instanceof kind)
}
