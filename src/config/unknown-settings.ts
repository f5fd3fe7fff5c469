import { SETTING_NAMES, type SettingSources } from './config.ts'

/*
 * A setting whose name is misspelt is not read, and nothing would say so: the service would use its default.
 */

/** In the environment, where other programs have their names, a shorter one is like too many. */
const SHORTEST_IN_SHELL = 7
/** A letter too many, one too few, another one, or two that changed places: once, and twice in a long name. */
const slipsAllowed = (name: string) => (name.length < 10 ? 1 : 2)
/** Only this service has settings that begin so: whatever else does was meant for it. */
const OWN_PREFIX = /^(ELEVENLABS?|TWILIO|DRACHTIO|FREESWITCH|GREETING|VOICE_CACHE|VOICEMAIL|CLONE|POLL)_/
const NAMES: readonly string[] = SETTING_NAMES

/**
 * One line for each name in `.env` that is no setting's, and for each in the environment that looks like one's. Values are
 * never in it.
 */
export function misspeltSettings({ file, shell }: SettingSources): string[] {
  const inFile = Object.keys(file).filter((name) => !NAMES.includes(name))
  const inShell = Object.keys(shell).filter(
    (name) => !NAMES.includes(name) && !inFile.includes(name) && looksLikeOurs(name),
  )
  return [
    ...inFile.map((name) => line(name, '.env')),
    ...inShell.map((name) => line(name, 'the environment')),
  ]
}

const looksLikeOurs = (name: string) =>
  OWN_PREFIX.test(name) || (name.length >= SHORTEST_IN_SHELL && meant(name) !== null)

function line(name: string, where: string): string {
  const known = meant(name)
  return `${name} in ${where} is not read, for no setting has that name${known ? `: did you mean ${known}?` : ''}`
}

/** The setting that was probably meant; null when none is like it. */
function meant(name: string): string | null {
  const written = name.toUpperCase()
  const slips = NAMES.map((known) => ({ known, count: slipsBetween(written, known) }))
  const [nearest] = slips.sort((a, b) => a.count - b.count)
  if (nearest && nearest.count <= slipsAllowed(name)) return nearest.known
  const words = written.split('_')
  const longer = NAMES.filter((known) => words.every((word) => known.split('_').includes(word)))
  return words.length > 1 && longer.length === 1 ? (longer[0] ?? null) : null
}

/** How many slips of the pen lie between two names (optimal string alignment distance). */
function slipsBetween(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number) => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (isSame ? 0 : 1),
          isSwap ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
  }
  return at(a.length, b.length)
}
