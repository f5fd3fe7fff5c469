import { useEffect } from 'react'
import type { Call, CallPage } from '../../http/calls/calls-routes.ts'
import { useNow } from '../api/use-now.ts'
import { useRead } from '../api/use-read.ts'
import { stateOf } from '../call/call-story.ts'
import { clockWords, phoneNumberWords } from '../call/numbers.ts'
import { StateBadge } from '../call/state-badge.tsx'
import { useRecords } from '../call/use-followed-call.ts'
import { When } from '../parts/when.tsx'
import { hrefOfCall } from '../routing/hash-route.ts'
import { useStore } from '../store.ts'
import type { TestCall } from '../test-call/test-call.ts'

/** Calls of other callers move on by themselves; one's own are asked for at each of their changes. */
const REFRESH_MS = 2_000

/** The latest twenty calls, whoever made them. */
export function RecentCalls({ testCall }: { testCall: TestCall }) {
  const { followed } = useStore(testCall.state)
  const state = stateOf(useRecords(followed))
  const { value, fault, again } = useRead<CallPage>('/api/v1/calls?limit=20', REFRESH_MS)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of state is what this asks anew for.
  useEffect(again, [again, state])
  const calls = value?.calls
  const now = useNow(1_000, calls?.some(({ endedAt }) => !endedAt) ?? false)
  return (
    <section className="card recent" aria-labelledby="recent-calls">
      <h2 id="recent-calls">Recent calls</h2>
      <p className="fault" role="status">
        {fault}
      </p>
      {calls?.length === 0 && <p className="hint">No call has been made yet.</p>}
      {calls && calls.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Caller</th>
              <th scope="col">State</th>
              <th scope="col" className="number">
                Length
              </th>
            </tr>
          </thead>
          <tbody>
            {calls.map((call) => (
              <CallRow key={call.id} call={call} now={now} isOwn={call.id === followed?.callId} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

function CallRow({ call, now, isOwn }: { call: Call; now: number; isOwn: boolean }) {
  const length = (call.endedAt ? Date.parse(call.endedAt) : now) - Date.parse(call.startedAt)
  return (
    <tr aria-current={isOwn || undefined} data-live={call.endedAt === null}>
      <td>
        <a className="caller" href={hrefOfCall(call.id)}>
          {phoneNumberWords(call.from)}
        </a>{' '}
        <span className="hint">
          <When at={call.startedAt} />
        </span>
      </td>
      <td>
        <StateBadge call={call} />
      </td>
      <td className="number">{clockWords(length)}</td>
    </tr>
  )
}
