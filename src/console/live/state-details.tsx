import { type Chart, type DrawnTransition, triggerWords } from '../../model/drawn-chart.ts'
import { withAncestors } from '../chart/chart-activity.ts'

/** What the chart says about one state: what it is for, what it does, and what can happen in it. */
export function StateDetails({
  chart,
  state,
  onClose,
}: {
  chart: Chart
  state: string
  onClose: () => void
}) {
  const node = chart.nodes.get(state)
  if (!node) return null
  const around = [...withAncestors(chart, [state])].flatMap((id) => chart.nodes.get(id) ?? [])
  return (
    <section className="card state-details" aria-labelledby="state-details">
      <div className="list-head">
        <h2 id="state-details">
          <code>{node.path}</code>
        </h2>
        <button type="button" className="quiet small" onClick={onClose}>
          Close
        </button>
      </div>
      {node.description && <p>{node.description}</p>}
      {node.entry.length > 0 && (
        <p className="hint">
          On entry: <code>{node.entry.join(', ')}</code>
        </p>
      )}
      <TransitionList chart={chart} transitions={around.flatMap(({ transitions }) => transitions)} />
    </section>
  )
}

/** Events and times, each with where it leads. */
function TransitionList({ chart, transitions }: { chart: Chart; transitions: readonly DrawnTransition[] }) {
  return (
    <ul className="transitions">
      {transitions.map((transition) => (
        <li key={`${transition.id}>${transition.target}`}>
          <code>{triggerWords(transition) || 'at once'}</code>
          {transition.guard && <span className="hint"> if {transition.guard}</span>}
          <span className="transition-target">
            <span aria-hidden="true">→ </span>
            <code>{chart.nodes.get(transition.target)?.key}</code>
          </span>
        </li>
      ))}
    </ul>
  )
}
