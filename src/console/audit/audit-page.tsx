import type { AuditEntry } from '../../http/audit/audit-routes.ts'
import { usePages } from '../api/use-pages.ts'
import { When } from '../parts/when.tsx'

const NO_QUERY = {}

/** Who did what, when, and from where. */
export function AuditPage() {
  const { items, hasMore, fault, more } = usePages<AuditEntry>('/api/v1/audit', 'entries', NO_QUERY)
  return (
    <>
      <div className="page-head">
        <h1>Audit log</h1>
        <p className="hint">
          What operators did, and who was refused. Of what they sent only the names are kept.
        </p>
      </div>
      <section className="card" aria-label="Audit log">
        <p className="fault" role="status">
          {fault}
        </p>
        {items?.length === 0 && <p className="hint">Nobody has done anything yet.</p>}
        {items && items.length > 0 && (
          <table>
            <thead>
              <tr>
                <th scope="col">When</th>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col" className="wide-only">
                  From
                </th>
                <th scope="col" className="number">
                  Answer
                </th>
              </tr>
            </thead>
            <tbody>
              {items.map((entry) => (
                <AuditRow key={entry.id} {...entry} />
              ))}
            </tbody>
          </table>
        )}
        {hasMore && (
          <button type="button" className="quiet small more" onClick={more}>
            Older entries
          </button>
        )}
      </section>
    </>
  )
}

const WHO: Record<AuditEntry['actor'], string> = {
  key: 'The admin key',
  session: 'The console',
  nobody: 'Nobody known',
}

function AuditRow({ at, actor, session, address, action, method, path, fields, status }: AuditEntry) {
  const isRefused = status !== null && status >= 400
  return (
    <tr>
      <td>
        <When at={at} />
      </td>
      <td className="actor">
        {WHO[actor]}
        {session && (
          <span className="hint">
            console session <code>{session}</code>
          </span>
        )}
      </td>
      <td className="what">
        {action}
        <span className="hint">
          <code>
            {method} {path}
          </code>
          {fields.length > 0 && ` with ${fields.join(', ')}`}
        </span>
      </td>
      <td className="wide-only">{address}</td>
      <td className="number">
        <span className="badge" data-tone={status === null ? 'waiting' : isRefused ? 'bad' : 'over'}>
          {status ?? 'none'}
        </span>
      </td>
    </tr>
  )
}
