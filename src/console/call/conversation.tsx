import type { Turn } from '../api/calls-api.ts'
import { FollowingScroll } from './following-scroll.tsx'

/** Who said what. It is not announced: whoever is in the call hears it. */
export function Conversation({ turns, isOver }: { turns: readonly Turn[]; isOver: boolean }) {
  return (
    <section className="card" aria-labelledby="conversation">
      <h2 id="conversation">Conversation</h2>
      {turns.length === 0 ? (
        <p className="hint">{isOver ? 'Nothing was said.' : 'What caller and agent say appears here.'}</p>
      ) : (
        <FollowingScroll label="Conversation" news={turns.length}>
          <ol className="turns">
            {turns.map((turn, index) => (
              // Turns are only ever added at the end, and two may have the same time.
              // biome-ignore lint/suspicious/noArrayIndexKey: the place in the conversation is what makes a turn this turn.
              <li key={index} data-role={turn.role}>
                <span className="who">{turn.role === 'agent' ? 'Agent' : 'Caller'}</span>
                <Words turn={turn} />
              </li>
            ))}
          </ol>
        </FollowingScroll>
      )}
    </section>
  )
}

/** Of an interrupted turn, what the caller no longer heard is shown as such. */
function Words({ turn: { text, heard, interrupted } }: { turn: Turn }) {
  if (!interrupted) return <p>{text}</p>
  const spoken = heard ?? ''
  const unheard = text.startsWith(spoken) ? text.slice(spoken.length) : ''
  return (
    <p>
      {unheard ? spoken : (heard ?? text)}
      {unheard && <s className="unheard">{unheard}</s>} <span className="mark">interrupted</span>
    </p>
  )
}
