import { type DestinationStream, type Logger, pino } from 'pino'
import type { Config } from '../config/config.ts'
import { LogFile } from './log-file.ts'

/*
 * The service's log: one JSON object a line. Phone numbers, transcripts and tool arguments go under `pii` and are only
 * written at debug and trace; everything else that is logged must be free of them.
 */

export type Log = {
  log: Logger
  /** Resolves when all that was logged has been written. */
  close(): Promise<void>
}

/** Opens the log that the settings ask for: stdout, or a file that is rotated by size to FILE.1 to FILE.5. */
export function openLog(settings: Config['log']): Log {
  if (settings.file === null) {
    const stdout = pino.destination({ fd: 1, sync: true })
    return { log: createLogger(settings.level, stdout), close: async () => stdout.flushSync() }
  }
  const file = new LogFile(settings.file)
  return { log: createLogger(settings.level, file), close: () => file.close() }
}

/** A logger over any stream; tests read what it writes. */
export function createLogger(level: string, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: describeError,
        error: describeError,
        // Left out unless let through below; so neither are the bindings of a child, which are written at every level.
        pii: (value: unknown) => (value instanceof LetThrough ? value.personalData : undefined),
      },
      hooks: {
        logMethod(args, method, level) {
          const [fields, ...rest] = args as unknown[]
          const shown =
            level <= DEBUG && hasPii(fields) ? { ...fields, pii: new LetThrough(fields.pii) } : fields
          method.apply(this, [shown, ...rest] as Parameters<typeof method>)
        },
      },
    },
    destination,
  )
}

/** Pino's number of the level `debug`. */
const DEBUG = 20

class LetThrough {
  readonly personalData: unknown
  constructor(personalData: unknown) {
    this.personalData = personalData
  }
}

const hasPii = (value: unknown): value is { pii: unknown } =>
  typeof value === 'object' && value !== null && 'pii' in value

type DescribedError = { type: string; message?: string; stack?: string; code?: unknown; cause?: unknown }

/** How far a chain of causes is followed; one that bites its own tail ends there too. */
const CAUSES_SHOWN = 5

/**
 * Only what an error says of itself. SDKs hang the whole request with its credentials, and the answer with its personal
 * data, on the errors that they throw.
 */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error
  const described: DescribedError = { type: error.name, message: maskNumbers(error.message) }
  if (error.stack) described.stack = maskNumbers(error.stack)
  if ('code' in error) described.code = error.code
  if (error.cause && depth < CAUSES_SHOWN) described.cause = describeError(error.cause, depth + 1)
  return described
}

const NUMBERS = /\+\d{7,15}/g
/** Some SDKs throw errors without a message, and whoever logs one must not fail on that. */
const maskNumbers = (text: unknown) =>
  typeof text === 'string' ? text.replace(NUMBERS, maskNumber) : undefined

/** Enough of a phone number to tell calls apart and too little to call it: +15551234567 becomes +1555…67. */
export function maskNumber(number: string): string {
  return /^\+?\d{7,}$/.test(number) ? `${number.slice(0, 5)}…${number.slice(-2)}` : `…${number.slice(-2)}`
}
