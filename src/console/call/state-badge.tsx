import { END_REASONS, type EndReason } from '../../../machines/end-reasons.ts'
import { isState, outcomeWords } from './call-story.ts'
import { titleOf, toneOf } from './state-labels.ts'

type Shown = { state: string; bridge: string | null; outcome: string | null }

const isReason = (outcome: string): outcome is EndReason => outcome in END_REASONS

export const pathOf = ({ state, bridge }: Shown): string => (bridge ? `${state}.${bridge}` : state)

/** Where a call is, or how it ended, in a word or two. */
export function StateBadge({ call }: { call: Shown }) {
  const path = pathOf(call)
  const { outcome } = call
  const reason = outcome !== null && isReason(outcome) ? outcome : null
  const words = reason ? outcomeWords(reason) : isState(path) ? titleOf(path) : path
  const tone = reason
    ? END_REASONS[reason].fault === 'none'
      ? 'over'
      : 'bad'
    : isState(path)
      ? toneOf(path)
      : 'calm'
  return (
    <span className="badge" data-tone={tone} title={reason ? END_REASONS[reason].meaning : path}>
      {words}
    </span>
  )
}
