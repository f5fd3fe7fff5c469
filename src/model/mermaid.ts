import type { ChartGraph, ChartState, ChartTransition } from './chart-graph.ts'

/*
 * A chart as Mermaid's stateDiagram-v2 (https://mermaid.js.org/syntax/stateDiagram.html). Its ids know neither dots nor
 * signs, and transitions between the regions of a parallel state belong outside of them.
 */

export function mermaidOf(graph: ChartGraph): string {
  const [root] = graph.states
  if (!root) return 'stateDiagram-v2\n'
  const lines = [
    'stateDiagram-v2',
    ...inside(root, graph, '  '),
    ...graph.transitions.flatMap((transition) => arrows(transition, '  ')),
  ]
  return `${lines.join('\n')}\n`
}

function inside(state: ChartState, graph: ChartGraph, indent: string): string[] {
  const children = graph.states.filter(({ parent }) => parent === state.id)
  const drawn = children.map((child) => stateLines(child, graph, indent))
  if (state.type === 'parallel')
    return drawn.flatMap((lines, index) => (index === 0 ? lines : [`${indent}--`, ...lines]))
  return drawn.flat()
}

function stateLines(state: ChartState, graph: ChartGraph, indent: string): string[] {
  const { id, key, isInitial, type } = state
  const within = inside(state, graph, `${indent}  `)
  const declared = `${indent}state "${key}" as ${idOf(id)}`
  return [
    ...(within.length === 0 ? [declared] : [`${declared} {`, ...within, `${indent}}`]),
    ...(isInitial ? [`${indent}[*] --> ${idOf(id)}`] : []),
    ...(type === 'final' ? [`${indent}${idOf(id)} --> [*]`] : []),
  ]
}

function arrows(transition: ChartTransition, indent: string): string[] {
  const targets = transition.target.length > 0 ? transition.target : [transition.source]
  const words = wordsOf(transition)
  return targets.map(
    (target) => `${indent}${idOf(transition.source)} --> ${idOf(target)}${words && ` : ${words}`}`,
  )
}

/** What takes the transition, on what condition, and what it asks for. */
function wordsOf({ eventType, delay, guard, actions }: ChartTransition): string {
  const trigger = delay === null ? eventType : `after ${delay}`
  const condition = guard === null ? '' : `[${guard}]`
  const effect = actions.length === 0 ? '' : `/ ${actions.join(', ')}`
  // A colon would end the text and a semicolon the line.
  return [trigger, condition, effect].filter(Boolean).join(' ').replaceAll(/[:;]/g, ',')
}

/** `end` and other words of the language are no ids. */
const idOf = (id: string) => `s_${id.replaceAll(/\W/g, '_')}`
