import type { Request, Response } from 'express'
import type { Logger } from 'pino'
import type { AuditLog } from '../persistence/audit-log.ts'
import type { Admin } from './auth.ts'

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
      ...{ actor: kind, session, action, method: req.method },
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

/** Writes down that a console session began. It is no change of anything, so nobody waits for it. */
export const recordSessions =
  ({ audit, log }: Pick<AuditOptions, 'audit' | 'log'>) =>
  (req: Request, session: string): void => {
    const { method } = req
    const about = { session, method, path: req.baseUrl || '/', address: req.ip ?? 'unknown' }
    audit
      .begin({ actor: 'key', action: 'Signs in to the console', fields: [], ...about })
      .then((id) => audit.end(id, 204))
      .catch((err) => log.warn({ err }, 'a sign-in could not be written to the audit log'))
  }

const namesIn = (body: unknown): string[] =>
  Object.keys(Object(body))
    .slice(0, MAX_FIELDS)
    .map((name) => name.replaceAll('\0', '').toWellFormed().slice(0, MAX_NAME))
