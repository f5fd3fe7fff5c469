import { z } from 'zod'
import type { AuditLog } from '../../persistence/audit-log.ts'
import type { AsJson } from '../as-json.ts'
import { type AnyRoute, route } from '../route.ts'

const MAX_PAGE = 200

const AuditEntry = z
  .object({
    id: z.uuid(),
    at: z.date(),
    actor: z
      .enum(['key', 'session', 'nobody'])
      .describe('The admin key itself, a console session begun with it, or somebody with neither.'),
    session: z.string().nullable().describe('Tells console sessions apart.'),
    address: z.string(),
    action: z.string().describe('In words, as this document describes the operation.'),
    method: z.string(),
    path: z.string(),
    fields: z.array(z.string()).describe('The names of what was sent along.'),
    status: z.number().int().nullable().describe('Of the answer; null when there was none.'),
  })
  .meta({ id: 'AuditEntry' })

export type AuditEntry = AsJson<z.output<typeof AuditEntry>>

/** Who did what. */
export function auditRoutes(audit: Pick<AuditLog, 'list'>): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/audit',
      summary: 'What operators did, the newest first: who, when, what, from where',
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
        cursor: z.uuid().optional().describe('`nextCursor` of the page before.'),
      }),
      answer: {
        status: 200,
        description: 'One page of entries.',
        body: z.object({ entries: z.array(AuditEntry), nextCursor: z.string().nullable() }),
      },
      handler: async ({ query: { limit, cursor } }) => {
        const found = await audit.list({ limit: limit + 1, ...(cursor && { before: cursor }) })
        const entries = found.slice(0, limit)
        return { entries, nextCursor: found.length > limit ? (entries.at(-1)?.id ?? null) : null }
      },
    }),
  ]
}
