import type { Request, Response } from 'express'
import type { Logger } from 'pino'
import type { AuditLog } from '../../persistence/audit-log.ts'
import { FailureLimit } from '../../runtime/failure-limit.ts'
import type { Admin } from '../sessions/auth.ts'

/** More names than this tell nothing more. */
const MAX_FIELDS = 50
const MAX_NAME = 100
const MAX_PATH = 1_000

export type AuditOptions = {
  audit: Pick<AuditLog, 'begin' | 'end'>
  adminOf: (req: Request) => Admin
  log: Logger
}

/** Writes down that an operator does something; resolves when that is kept. */
export type RecordWrite = (action: string, req: Request, res: Response) => Promise<void>

/**
 * Who did what: written before it is done, and completed when it is answered. Of what was sent along only the names are
 * kept, for values may be long, or somebody's own.
 */
export function recordWrites({ audit, adminOf, log }: AuditOptions): RecordWrite {
  return async (action, req, res) => {
    const { kind, session } = adminOf(req)
    const id = await audit.begin({
      actor: kind,
      session,
      action,
      method: req.method,
      address: req.ip ?? 'unknown',
      path: (req.originalUrl.split('?')[0] ?? '').slice(0, MAX_PATH),
      fields: namesIn(req.body),
    })
    res.once('finish', () => {
      audit
        .end(id, res.statusCode)
        .catch((err) => log.warn({ err, id }, 'an audit entry could not be completed'))
    })
  }
}

/** Who guesses keys is not given the database to fill; what is more than this is only counted as a rejection. */
const MAX_REFUSALS_A_MINUTE = 20
/** All who guess count as one. */
const ANYBODY = ''

/**
 * Writes down that a console session began, or that a key was wrong: then `session` is null. Neither changes anything, so
 * nobody waits for it.
 */
export function recordKeys({ audit, log }: Pick<AuditOptions, 'audit' | 'log'>) {
  const refusals = new FailureLimit(MAX_REFUSALS_A_MINUTE)
  return (req: Request, session: string | null): void => {
    if (session === null && refusals.isOver(ANYBODY)) return
    if (session === null) refusals.count(ANYBODY)
    const path = (req.originalUrl.split('?')[0] ?? '').slice(0, MAX_PATH)
    const about = { session, path, method: req.method, address: req.ip ?? 'unknown', fields: [] }
    const [who, status] =
      session === null
        ? ([{ actor: 'nobody', action: 'Shows a wrong admin key' }, 401] as const)
        : ([{ actor: 'key', action: 'Signs in to the console' }, 204] as const)
    audit
      .begin({ ...about, ...who })
      .then((id) => audit.end(id, status))
      .catch((err) => log.warn({ err }, 'a sign-in could not be written to the audit log'))
  }
}

const namesIn = (body: unknown): string[] =>
  Object.keys(Object(body))
    .slice(0, MAX_FIELDS)
    .map((name) => name.replaceAll('\0', '').toWellFormed().slice(0, MAX_NAME))
