import type { ChartDefinition, ChartState, ChartTransition } from '../actors/chart-definition.ts'

/*
 * A chart as the JSON that `createMachine` takes and Stately's editor imports: what was written in the machine's file, with
 * functions told by their names.
 */

type Json = { [key: string]: unknown }

export function statelyJson(chart: ChartDefinition): Json {
  return { id: chart.id, ...(chart.version !== null && { version: chart.version }), ...stateJson(chart) }
}

function stateJson(state: ChartState): Json {
  const { description, tags, type, entry, exit, initial, states, transitions } = state
  const transitionsBy = (chosen: (transition: ChartTransition) => string | null) =>
    grouped(transitions, chosen)
  const [first] = initial
  const beginsIn = Object.values(states).find(({ id }) => id === first)?.key ?? first
  const always = transitions.filter(({ eventType }) => eventType === '').map(transitionJson)
  const isPlain = type === 'atomic' || type === 'compound'
  return {
    // What others lead to by name must bear that name.
    ...(state.id !== '' && { id: state.id }),
    ...(description !== null && { description }),
    ...(tags.length > 0 && { tags }),
    ...(!isPlain && { type }),
    ...(first !== undefined && { initial: beginsIn }),
    ...(entry.length > 0 && { entry: entry.map(namedJson) }),
    ...(exit.length > 0 && { exit: exit.map(namedJson) }),
    ...unlessEmpty(
      'on',
      transitionsBy(({ eventType, delay }) => (delay === null ? eventType : null)),
    ),
    ...unlessEmpty(
      'after',
      transitionsBy(({ delay }) => delay),
    ),
    ...(always.length > 0 && { always }),
    ...unlessEmpty(
      'states',
      Object.fromEntries(Object.entries(states).map(([key, inner]) => [key, stateJson(inner)])),
    ),
  }
}

function grouped(
  transitions: ChartTransition[],
  nameOf: (transition: ChartTransition) => string | null,
): Json {
  const groups: Record<string, Json[]> = {}
  for (const transition of transitions) {
    const name = nameOf(transition)
    if (name) groups[name] = [...(groups[name] ?? []), transitionJson(transition)]
  }
  return groups
}

function transitionJson({ target, guard, actions, reenter }: ChartTransition): Json {
  const targets = target.map((id) => `#${id}`)
  return {
    ...(targets.length > 0 && { target: targets.length === 1 ? targets[0] : targets }),
    ...(guard !== null && { guard: { type: guard } }),
    ...(actions.length > 0 && { actions: actions.map(namedJson) }),
    ...(reenter && { reenter }),
  }
}

const namedJson = (name: string): Json => ({ type: name })

const unlessEmpty = (name: string, part: Json): Json => (Object.keys(part).length > 0 ? { [name]: part } : {})
