import { type Chart, triggerWords, type Way } from '../../model/drawn-chart.ts'
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
      <WayList chart={chart} ways={around.flatMap(({ transitions }) => transitions)} />
    </section>
  )
}

/** Events and times, each with where it leads. */
function WayList({ chart, ways }: { chart: Chart; ways: readonly Way[] }) {
  return (
    <ul className="ways">
      {ways.map((way) => (
        <li key={`${way.id}>${way.target}`}>
          <code>{triggerWords(way) || 'at once'}</code>
          {way.guard && <span className="hint"> if {way.guard}</span>}
          <span className="way-target">
            <span aria-hidden="true">→ </span>
            <code>{chart.nodes.get(way.target)?.key}</code>
          </span>
        </li>
      ))}
    </ul>
  )
}
