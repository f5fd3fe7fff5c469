import type { Chart, ChartNode, DrawnTransition } from '../../model/drawn-chart.ts'
import { entered, leavesOf, transitionsFrom, withAncestors } from './chart-activity.ts'

/*
 * Which transitions a call took from its states before to those after, when all that is known besides is the event: the machines are gone
 * through as a person would trace them with a finger, each message that one says to another followed in its turn. A condition is not
 * known; the run is looked for that ends where the call is.
 */

/** A step of a call tells no more than a handful of things; a longer run is a mistake of the chart's. */
const MOST_TURNS = 40
/** So many turns are tried before it is given up. */
const MOST_TRIED = 20_000

type Active = ReadonlySet<string>
type Run = { at: Active; events: readonly string[]; taken: readonly DrawnTransition[]; turns: number }

/** The transitions that an event led along; none where no single event could have. `before` is null when the call began with it. */
export function transitionsTaken(
  chart: Chart,
  before: Active | null,
  after: Active,
  eventType: string,
): DrawnTransition[] {
  const begins = before ?? withAncestors(chart, entered(chart, chart.root))
  const first: Run = {
    at: begins,
    events: before ? [eventType] : entryMessages(chart, begins),
    taken: [],
    turns: 0,
  }
  const goal = leavesOf(chart, after).sort().join()
  let tried = 0
  const search = (run: Run): readonly DrawnTransition[] | null => {
    tried += 1
    if (tried > MOST_TRIED || run.turns > MOST_TURNS) return null
    const next = nextRuns(chart, run)
    if (next === null) return leavesOf(chart, run.at).sort().join() === goal ? run.taken : null
    for (const each of next) {
      const found = search(each)
      if (found) return found
    }
    return null
  }
  return [...new Set(search(first) ?? [])]
}

/** What may come next, the likeliest first; null when nothing more happens by itself. */
function nextRuns(chart: Chart, run: Run): Run[] | null {
  const hearing = new Set([...run.at].filter((id) => !isOver(chart, run.at, id)))
  const byThemselves = transitionsFrom(chart, hearing).filter(({ eventType }) => eventType === '')
  if (byThemselves.length > 0) return byThemselves.map((transition) => along(chart, run, transition))
  const [event, ...events] = run.events
  if (event === undefined) return null
  const rest = { ...run, events }
  const heard = transitionsFrom(chart, hearing).filter(({ eventType }) => eventType === event)
  const staying = stayingOf(chart, hearing, event).map((sent) => ({ ...rest, events: [...events, ...sent] }))
  // Every condition may have failed, and a message may mean nothing where it came.
  return [...heard.map((transition) => along(chart, rest, transition)), ...staying, rest]
}

/** A machine that has come to its end hears nothing more. */
function isOver(chart: Chart, at: Active, id: string): boolean {
  const machine = [id, ...ancestorsOf(chart, id)].find((each) => chart.nodes.get(each)?.parent === chart.root)
  const within = chart.nodes.get(machine ?? '')?.children ?? []
  return within.some((child) => at.has(child) && chart.nodes.get(child)?.type === 'final')
}

function along(chart: Chart, run: Run, transition: DrawnTransition): Run {
  const { left, stays } = domainOf(chart, run.at, transition)
  const at = new Set([...stays, ...withAncestors(chart, entered(chart, transition.target))])
  const come = [...at].filter((id) => !stays.has(id))
  const sent = [
    ...left.reverse().flatMap((id) => messages(chart.nodes.get(id)?.exit)),
    ...messages(transition.actions),
    ...come.flatMap((id) => messages(chart.nodes.get(id)?.entry)),
  ]
  return { at, events: [...run.events, ...sent], taken: [...run.taken, transition], turns: run.turns + 1 }
}

/** The innermost state around both ends of a transition is not left; one that leads into its own state leaves what is within it. */
function domainOf(
  chart: Chart,
  at: Active,
  { source, target, reenter }: DrawnTransition,
): { left: string[]; stays: Active } {
  const around = ancestorsOf(chart, target)
  const isInto = around.includes(source) && !reenter
  const domain = isInto ? source : ancestorsOf(chart, source).find((id) => around.includes(id))
  const within = (id: string) => domain !== undefined && ancestorsOf(chart, id).includes(domain)
  return { left: [...at].filter(within), stays: new Set([...at].filter((id) => !within(id))) }
}

/** The innermost first. */
const ancestorsOf = (chart: Chart, id: string): string[] => [...withAncestors(chart, [id])].slice(1)

/** What machines say that hear the event and stay where they are. */
const stayingOf = (chart: Chart, at: Active, event: string): string[][] =>
  [...at]
    .flatMap((id) => chart.nodes.get(id)?.staying ?? [])
    .filter(({ eventType }) => eventType === event)
    .map(({ actions }) => messages(actions))
    .filter((sent) => sent.length > 0)

const entryMessages = ({ nodes }: Chart, at: Active): string[] =>
  [...at].flatMap((id) => messages(nodes.get(id)?.entry))

/** `tell leg call.letGo` and `raise tick` are heard as `call.letGo` and `tick`. */
const messages = (actions: ChartNode['entry'] = []): string[] =>
  actions.flatMap((action) => /^(?:tell \S+|raise) (\S+)$/.exec(action)?.[1] ?? [])
