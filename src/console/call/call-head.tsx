import { END_REASONS } from '../../../machines/end-reasons.ts'
import { type Call, type CallRecord, hangUp } from '../api/calls-api.ts'
import type { Replay } from '../api/replay-api.ts'
import { useWrite } from '../api/use-write.ts'
import { carrierWords } from '../parts/carrier-words.ts'
import { KillBesideCall } from '../system/kill-process.tsx'
import { clockWords, phoneNumberWords } from './numbers.ts'
import { StateBadge } from './state-badge.tsx'
import { Trouble } from './trouble.tsx'

type CallHeadProps = {
  call: Call
  records: readonly CallRecord[]
  isLive: boolean
  /** The service does not answer just now. */
  isLost: boolean
  /** In a demo, the process that has this call can be killed. */
  canBeKilled: boolean
  replay: Replay | null
  replayFault: string | null
  /** Shows a step by its place. */
  onShow: (index: number) => void
}

/** Who calls whom, how it stands, and what can be done about it. Handoff and listening in find their place beside hanging up. */
export function CallHead({
  call,
  records,
  isLive,
  isLost,
  canBeKilled,
  replay,
  replayFault,
  onShow,
}: CallHeadProps) {
  const started = new Date(call.startedAt)
  return (
    <header className="call-head">
      <div>
        <h1>
          {phoneNumberWords(call.from)} <StateBadge call={call} />
        </h1>
        <p className="hint">
          to {phoneNumberWords(call.to)} · {carrierWords(call.provider)}, {call.direction} ·{' '}
          <time dateTime={call.startedAt}>{started.toLocaleString()}</time>
          {call.endedAt && ` · ${clockWords(Date.parse(call.endedAt) - started.getTime())}`} · voice{' '}
          {call.voice}
        </p>
        {call.outcome && <p>{END_REASONS[call.outcome]?.meaning}</p>}
        <Transfer call={call} />
        <Withheld call={call} />
        <Trouble records={records} />
        <p className="fault" role="status">
          {isLost && 'The service does not answer. Trying again…'}
        </p>
        <Verdict replay={replay} fault={replayFault} onShow={onShow} />
      </div>
      <div className="call-actions">
        {isLive && canBeKilled && <KillBesideCall />}
        <a className="button quiet small" href={`/api/v1/calls/${call.id}/export`} download>
          Export
        </a>
        {isLive && <HangUp callId={call.id} />}
      </div>
    </header>
  )
}

/** Who has the call instead of whom it came from, or was to have it. */
function Transfer({ call: { transferTo, transferOutcome } }: { call: Call }) {
  if (transferTo === null) return null
  const to = phoneNumberWords(transferTo)
  if (transferOutcome === null) return <p>Being put through to {to}.</p>
  if (transferOutcome === 'completed') return <p>Put through to {to}.</p>
  return (
    <p className="trouble">
      Not put through to {to}: {transferOutcome.replaceAll('_', ' ')}.
    </p>
  )
}

const WITHHELD: Record<NonNullable<Call['voiceWithheld']>, string> = {
  not_attested: 'it is for attested callers, and this one’s network did not attest the number',
  not_verified: 'no carrier and no trunk vouches for this caller’s number',
  verification_failed: 'the carrier’s check of this caller’s number failed',
  backend_cannot: 'the vendor of this agent cannot speak cloned voices',
}

/** Why the agent does not speak in the voice that is on file. */
function Withheld({ call: { voiceWithheld } }: { call: Call }) {
  if (!voiceWithheld) return null
  return <p className="trouble">The voice on file was not used: {WITHHELD[voiceWithheld]}.</p>
}

/** Whether the chart of today would lead this call the same way. */
function Verdict({
  replay,
  fault,
  onShow,
}: {
  replay: Replay | null
  fault: string | null
  onShow: (index: number) => void
}) {
  if (fault)
    return (
      <p className="verdict" data-tone="bad">
        This call cannot be replayed. {fault}
      </p>
    )
  if (!replay) return null
  const { firstDifference } = replay
  if (firstDifference === null) {
    return <p className="verdict">Replayed: the chart of today leads this call the same way.</p>
  }
  const isOnlyTime = replay.steps[firstDifference]?.differences.every(({ what }) => what === 'timer')
  return (
    <p className="verdict" data-tone="bad">
      {isOnlyTime
        ? 'The timers of today’s chart run otherwise, or no process was there to fire them. '
        : 'The chart of today goes another way. '}
      <button type="button" className="quiet small" onClick={() => onShow(firstDifference)}>
        Show the first difference, step {firstDifference + 1}
      </button>
    </p>
  )
}

function HangUp({ callId }: { callId: string }) {
  const hangingUp = useWrite({ ask: () => hangUp(callId), changes: `/api/v1/calls/${callId}` })
  return (
    <>
      <button
        type="button"
        className="danger small"
        disabled={hangingUp.isPending}
        onClick={() => hangingUp.mutate()}
      >
        Hang up this call
      </button>
      {hangingUp.error && (
        <p className="fault" role="alert">
          {hangingUp.error.message}
        </p>
      )}
    </>
  )
}
