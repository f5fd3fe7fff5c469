import { END_REASONS, type EndReason } from '../../../machines/end-reasons.ts'
import type { Call } from '../api/calls-api.ts'
import { usePages } from '../api/use-pages.ts'
import { outcomeWords } from '../call/call-story.ts'
import { clockWords, phoneNumberWords } from '../call/numbers.ts'
import { StateBadge } from '../call/state-badge.tsx'
import { carrierWords } from '../parts/carrier-words.ts'
import { Labelled } from '../parts/labelled.tsx'
import { When } from '../parts/when.tsx'
import { hrefOfCall, replaceQuery } from '../routing/hash-route.ts'

const FILTERS = ['from', 'to', 'outcome', 'provider', 'active', 'since'] as const
/** Calls begin and end while one looks. */
const REFRESH_MS = 3_000

/** A day begins at midnight where the person is who chose it. */
function beginningOf(day: string): string {
  const midnight = new Date(`${day}T00:00`)
  return Number.isNaN(midnight.getTime()) ? '' : midnight.toISOString()
}

type Filter = Record<(typeof FILTERS)[number], string>

/** All calls, the newest first, with filters that stay in the address. */
export function CallsPage({ query }: { query: URLSearchParams }) {
  const filter = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ''])) as Filter
  const {
    items: calls,
    hasMore,
    fault,
    more,
  } = usePages<Call>('/api/v1/calls', 'calls', { ...filter, since: beginningOf(filter.since) }, REFRESH_MS)
  const change = (name: keyof Filter, value: string) => replaceQuery({ ...filter, [name]: value })
  return (
    <>
      <div className="page-head">
        <h1>Calls</h1>
      </div>
      <section className="card" aria-label="Calls">
        <CallFilters filter={filter} onChange={change} />
        <p className="fault" role="status">
          {fault}
        </p>
        {calls?.length === 0 && <p className="hint">No call is like that.</p>}
        {calls && calls.length > 0 && <CallTable calls={calls} />}
        {hasMore && (
          <button type="button" className="quiet small more" onClick={more}>
            Older calls
          </button>
        )}
      </section>
    </>
  )
}

type CallFiltersProps = { filter: Filter; onChange: (name: keyof Filter, value: string) => void }

function CallFilters({ filter, onChange }: CallFiltersProps) {
  return (
    <search className="filters">
      <Labelled name="Caller">
        <input
          type="search"
          placeholder="+15551234567"
          defaultValue={filter.from}
          onChange={(event) => onChange('from', event.target.value.replace(/\s/g, ''))}
        />
      </Labelled>
      <Labelled name="Called">
        <input
          type="search"
          placeholder="+15557654321"
          defaultValue={filter.to}
          onChange={(event) => onChange('to', event.target.value.replace(/\s/g, ''))}
        />
      </Labelled>
      <Labelled name="Which">
        <select value={filter.active} onChange={(event) => onChange('active', event.target.value)}>
          <option value="">Live and past</option>
          <option value="true">Live</option>
          <option value="false">Past</option>
        </select>
      </Labelled>
      <Labelled name="How it ended">
        <select value={filter.outcome} onChange={(event) => onChange('outcome', event.target.value)}>
          <option value="">Any way</option>
          {Object.keys(END_REASONS).map((reason) => (
            <option key={reason} value={reason}>
              {outcomeWords(reason as EndReason)}
            </option>
          ))}
        </select>
      </Labelled>
      <Labelled name="Carrier">
        <select value={filter.provider} onChange={(event) => onChange('provider', event.target.value)}>
          <option value="">Any</option>
          <option value="twilio">Twilio</option>
          <option value="sip">SIP</option>
        </select>
      </Labelled>
      <Labelled name="Since">
        <input type="date" value={filter.since} onChange={(event) => onChange('since', event.target.value)} />
      </Labelled>
    </search>
  )
}

function CallTable({ calls }: { calls: readonly Call[] }) {
  return (
    <table className="calls-table">
      <thead>
        <tr>
          <th scope="col">Caller</th>
          <th scope="col">Began</th>
          <th scope="col">State</th>
          <th scope="col" className="wide-only">
            Called
          </th>
          <th scope="col" className="wide-only">
            Carrier
          </th>
          <th scope="col" className="wide-only">
            Voice
          </th>
          <th scope="col" className="number">
            Length
          </th>
        </tr>
      </thead>
      <tbody>
        {calls.map((call) => (
          <tr key={call.id}>
            <td>
              <a className="caller" href={hrefOfCall(call.id)}>
                {phoneNumberWords(call.from)}
              </a>
            </td>
            <td>
              <When at={call.startedAt} />
            </td>
            <td>
              <StateBadge call={call} />
            </td>
            <td className="wide-only">{phoneNumberWords(call.to)}</td>
            <td className="wide-only">{carrierWords(call.provider)}</td>
            <td className="wide-only">{call.voice}</td>
            <td className="number">
              {call.endedAt ? clockWords(Date.parse(call.endedAt) - Date.parse(call.startedAt)) : 'live'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
