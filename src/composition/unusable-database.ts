import { refusalMend } from '../persistence/database-fitness.ts'

/** The database of the settings cannot be used; the message is one line, with the setting and the mend. */
export class UnusableDatabase extends Error {
  override readonly name = 'UnusableDatabase'
  static because(cause: unknown, setting = 'DATABASE_URL'): UnusableDatabase {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = message || code || 'no answer'
    const mend = refusalMend(cause) ?? 'start it, or correct the setting'
    const line = `${setting}: the database cannot be used (${why}); ${mend}`
    return new UnusableDatabase(line, { cause })
  }
}
