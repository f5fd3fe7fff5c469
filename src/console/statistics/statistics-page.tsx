import { END_REASONS, type EndReason } from '../../../machines/end-reasons.ts'
import type { Statistics } from '../../http/statistics/statistics-routes.ts'
import { useRead } from '../api/use-read.ts'
import { outcomeWords } from '../call/call-story.ts'

const REFRESH_MS = 5_000

/** How the service has done so far. */
export function StatisticsPage() {
  const { value, fault } = useRead<Statistics>('/api/v1/statistics', REFRESH_MS)
  return (
    <>
      <div className="page-head">
        <h1>Statistics</h1>
      </div>
      <p className="fault" role="status">
        {fault}
      </p>
      {value && (
        <>
          <Figures {...value} />
          <div className="columns">
            <Outcomes byOutcome={value.calls.byOutcome} />
            <ResponseTimes times={value.responseTimes} />
          </div>
        </>
      )}
    </>
  )
}

function Figures({ calls, cache, clone }: Statistics) {
  const lookups = cache.hits + cache.misses
  const ended = Object.values(calls.byOutcome).reduce((sum, count) => sum + count, 0)
  return (
    <dl className="figures">
      <Figure name="Live calls" value={String(calls.active)} note={`${ended} ended`} />
      <Figure
        name="Voices found in the cache"
        value={lookups === 0 ? '–' : `${Math.round((cache.hits / lookups) * 100)} %`}
        note={`${cache.hits} of ${lookups} look-ups`}
      />
      <Figure
        name="A clone takes"
        value={seconds(clone.meanSeconds)}
        note={`95 % within ${seconds(clone.p95Seconds)}`}
      />
      <Figure name="Voices cloned" value={String(clone.count)} note={`${clone.failed} failed`} />
    </dl>
  )
}

function Figure({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div className="card">
      <dt>{name}</dt>
      <dd className="figure">{value}</dd>
      <dd className="hint">{note}</dd>
    </div>
  )
}

function Outcomes({ byOutcome }: { byOutcome: Record<string, number> }) {
  const rows = Object.entries(byOutcome).sort(([, a], [, b]) => b - a)
  const most = rows[0]?.[1] ?? 1
  return (
    <section className="card" aria-labelledby="outcomes">
      <h2 id="outcomes">How calls ended</h2>
      {rows.length === 0 && <p className="hint">No call has ended yet.</p>}
      <ul className="bars">
        {rows.map(([outcome, count]) => {
          const reason = outcome as EndReason
          const isFine = END_REASONS[reason]?.fault === 'none'
          return (
            <li key={outcome} data-tone={isFine ? undefined : 'bad'}>
              <a href={`#/calls?outcome=${outcome}`} title={END_REASONS[reason]?.meaning}>
                {outcomeWords(reason)}
              </a>
              <span className="tally-bar" style={{ '--share': count / most }} />
              <span className="number">{count}</span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}

function ResponseTimes({ times }: { times: Statistics['responseTimes'] }) {
  return (
    <section className="card" aria-labelledby="response-times">
      <h2 id="response-times">Webhooks answered by this node</h2>
      {times.length === 0 ? (
        <p className="hint">None since it started.</p>
      ) : (
        <table className="response-times">
          <thead>
            <tr>
              <th scope="col">Webhook</th>
              <th scope="col" className="number">
                Count
              </th>
              <th scope="col" className="number">
                Mean
              </th>
              <th scope="col" className="number">
                95 %
              </th>
            </tr>
          </thead>
          <tbody>
            {times.map(({ route, count, meanSeconds, p95Seconds }) => (
              <tr key={route}>
                <td>
                  <code>{route}</code>
                </td>
                <td className="number">{count}</td>
                <td className="number">{milliseconds(meanSeconds)}</td>
                <td className="number">{milliseconds(p95Seconds)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const seconds = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} s`)
const milliseconds = (value: number | null) => (value === null ? '–' : `${(value * 1000).toFixed(1)} ms`)
