import type { Trunk } from '../../http/trunks/trunk-fields.ts'
import { request } from '../api/calls-api.ts'
import { phoneNumberWords } from '../call/numbers.ts'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { When } from '../parts/when.tsx'
import { TrunkBadges } from './trunk-badges.tsx'

type EntryProps = { trunk: Trunk; isEdited: boolean; onEdit: () => void; onRemoved: () => void }

export function TrunkEntry({ trunk, isEdited, onEdit, onRemoved }: EntryProps) {
  const { id, name, warnings } = trunk
  return (
    <li className="entry" aria-current={isEdited || undefined}>
      <div>
        <p className="entry-title">
          {name} <TrunkBadges trunk={trunk} />
        </p>
        <p className="hint">
          {callsWords(trunk)} · {placesWords(trunk)}
        </p>
        <Numbers trunk={trunk} />
        <Standing trunk={trunk} />
        {warnings.map((warning) => (
          <p key={warning} className="warning">
            {warning}
          </p>
        ))}
      </div>
      <div className="entry-actions">
        <button type="button" className="quiet small" onClick={onEdit}>
          Edit<span className="for-screen-readers"> {name}</span>
        </button>
        <ConfirmButton
          name="Delete"
          question={`Delete ${name}?`}
          consequence="New calls from it will be refused; those that live go on."
          ask={() => request(`/api/v1/trunks/${id}`, { method: 'DELETE', accept: [404] })}
          changes="/api/v1/trunks"
          onDone={onRemoved}
        />
      </div>
    </li>
  )
}

function callsWords({ state: { liveCalls }, maxCalls }: Trunk): string {
  if (maxCalls !== null) return `${liveCalls} of ${maxCalls} calls`
  return liveCalls === 1 ? '1 call' : `${liveCalls} calls`
}

const placesWords = ({ server, addresses, transport }: Trunk): string =>
  [
    ...(server ? [`${server}${transport === 'udp' ? '' : ` (${transport.toUpperCase()})`}`] : []),
    ...addresses,
  ].join(', ') || 'no address'

/** The numbers that somebody can dial, and who answers them. */
function Numbers({ trunk: { numbers, agents } }: { trunk: Trunk }) {
  if (numbers.length === 0) return null
  const agentOf = (number: string) => agents.find((agent) => agent.number === number)?.agentName
  return (
    <p className="hint">
      {numbers.map((number, index) => (
        <span key={number}>
          {index > 0 && ', '}
          {phoneNumberWords(number)} → {agentOf(number) ?? 'the default agent'}
        </span>
      ))}
    </p>
  )
}

/** What is not in order, in the words of who found it. */
function Standing({ trunk: { state } }: { trunk: Trunk }) {
  const { registration, server, names } = state
  const lost = names.filter(({ fault }) => fault !== null)
  return (
    <>
      {registration?.error && <p className="trunk-fault">Registration: {registration.error}</p>}
      {registration?.status === 'registered' && registration.until && (
        <p className="hint">
          Registered until <When at={registration.until} />
        </p>
      )}
      {server?.isAnswering === false && (
        <p className="trunk-fault">
          OPTIONS: {server.error}; {server.failures === 1 ? 'once' : `${server.failures} times in a row`}
          {server.failingSince && (
            <>
              , since <When at={server.failingSince} />
            </>
          )}
        </p>
      )}
      {lost.map(({ name, fault, addresses }) => (
        <p key={name} className="trunk-fault">
          {name} cannot be resolved ({fault})
          {addresses.length > 0 && `; calls are still taken from ${addresses.join(', ')}`}
        </p>
      ))}
    </>
  )
}
