import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk-api.js'
import { type Chart, type ChartNode, edgeWords, isBackward } from '../../model/drawn-chart.ts'
import { withAncestors } from './chart-activity.ts'
import { type Rectangle, WordPlacer } from './edge-labels.ts'

/*
 * Where each state is drawn and which way each line goes around the others. ELK places them, in a worker of its own, so
 * that the page goes on meanwhile.
 */

type Box = { x: number; y: number; width: number; height: number }
/** A line in the whole picture's coordinates, with its words and the middle of where they stand. */
export type Line = { points: ElkPoint[]; words: string[]; middle: ElkPoint }
export type ChartLayout = {
  /** Within the state around it. */
  boxes: ReadonlyMap<string, Box>
  lines: ReadonlyMap<string, Line>
  size: { width: number; height: number }
}

/** Between machines, where words of their outermost lines stand. */
const MACHINE_GAP = 36
const LEAF_HEIGHT = 38
/** Room for a compound state's name. */
const TITLE_HEIGHT = 32
/** What a letter of chart.css is wide, on average; ELK wants to know before anything is drawn. */
const NAME_LETTER = 11

/**
 * From top to bottom, which wastes the least room. Room for words on the lines would double the picture, so they are shown
 * only on those lines that matter at the moment, and on all when one looks closely.
 */
const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.edgeCoords': 'ROOT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '30',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '11',
  'elk.layered.spacing.edgeNodeBetweenLayers': '13',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.thoroughness': '20',
  'elk.padding': '[top=4,left=4,bottom=4,right=4]',
}

/** Machines stand in rows, each as wide as what is in it; on a narrow page one under the other. */
export async function layOut(chart: Chart, isNarrow: boolean): Promise<ChartLayout> {
  const [{ default: elkApi }, { default: workerUrl }] = await Promise.all([
    import('elkjs/lib/elk-api.js'),
    import('elkjs/lib/elk-worker.min.js?url'),
  ])
  const elk = new elkApi.default({ workerFactory: () => new Worker(workerUrl) })
  try {
    const drawn = await Promise.all(
      machinesOf(chart).map((machine) => {
        const children = [elkNode(chart, machine)]
        const graph = { id: chart.root, children, edges: elkEdges(chart, machine) }
        return elk.layout(graph, { layoutOptions: OPTIONS })
      }),
    )
    return readLayout(inRows(drawn, isNarrow ? 1 : Math.ceil(Math.sqrt(drawn.length))), chart)
  } finally {
    elk.terminateWorker()
  }
}

/** No line leads from one to another, so each is placed by itself. */
function machinesOf({ nodes, root }: Chart): ChartNode[] {
  const children = nodes.get(root)?.children
  if (!children) throw new Error('The chart has no root.')
  return children.flatMap((id) => nodes.get(id) ?? [])
}

function elkNode(chart: Chart, node: ChartNode): ElkNode {
  const children = node.children.flatMap((id) => chart.nodes.get(id) ?? [])
  if (children.length === 0) {
    return { id: node.id, width: Math.max(108, node.key.length * NAME_LETTER + 82), height: LEAF_HEIGHT }
  }
  return {
    id: node.id,
    children: children.map((child) => elkNode(chart, child)),
    layoutOptions: {
      'elk.padding': `[top=${TITLE_HEIGHT + 8},left=22,bottom=16,right=16]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${node.key.length * NAME_LETTER + 70},60)`,
    },
  }
}

const elkEdges = (chart: Chart, machine: ChartNode): ElkExtendedEdge[] =>
  chart.edges
    .filter(({ source }) => withAncestors(chart, [source]).has(machine.id))
    .map((edge) => {
      const ends = isBackward(chart, edge) ? [edge.target, edge.source] : [edge.source, edge.target]
      return { id: edge.id, sources: ends.slice(0, 1), targets: ends.slice(1) }
    })

type Placed = { graph: ElkNode; left: number; top: number }

/** So many pictures in a row, from the left; a row is as high as the highest in it. */
function inRows(graphs: readonly ElkNode[], perRow: number): Placed[] {
  const placed: Placed[] = []
  let top = 0
  for (let first = 0; first < graphs.length; first += perRow) {
    const row = graphs.slice(first, first + perRow)
    let left = 0
    for (const graph of row) {
      placed.push({ graph, left, top })
      left += (graph.width ?? 0) + MACHINE_GAP
    }
    top += Math.max(...row.map(({ height = 0 }) => height)) + MACHINE_GAP
  }
  return placed
}

function readLayout(machines: readonly Placed[], chart: Chart): ChartLayout {
  const boxes = new Map<string, Box>()
  const states: Rectangle[] = []
  const visit = (node: ElkNode, around: ElkPoint, within: ElkPoint = { x: 0, y: 0 }) => {
    const { id, width = 0, height = 0, children = [] } = node
    const [x, y] = [(node.x ?? 0) + within.x, (node.y ?? 0) + within.y]
    boxes.set(id, { x, y, width, height })
    const corner = { x: around.x + x, y: around.y + y }
    if (children.length === 0) states.push({ ...corner, width, height })
    for (const child of children) visit(child, corner)
  }
  for (const { graph, left, top } of machines)
    for (const machine of graph.children ?? []) visit(machine, { x: 0, y: 0 }, { x: left, y: top })
  const placer = new WordPlacer(states)
  const lines = new Map(machines.flatMap((machine) => linesOf(machine, chart, placer)))
  const width = Math.max(...machines.map(({ graph, left }) => left + (graph.width ?? 0)))
  const height = Math.max(...machines.map(({ graph, top }) => top + (graph.height ?? 0)))
  return { boxes, lines, size: { width, height } }
}

function linesOf({ graph, left, top }: Placed, chart: Chart, placer: WordPlacer): [string, Line][] {
  return (graph.edges ?? []).flatMap(({ id, sections = [] }): [string, Line][] => {
    const edge = chart.edges.find((drawn) => drawn.id === id)
    if (!edge) return []
    const points = sections
      .flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
      .map(({ x, y }) => ({ x: x + left, y: y + top }))
    if (isBackward(chart, edge)) points.reverse()
    const words = edgeWords(chart, edge)
    return [[id, { points, words, middle: placer.place(points, words) }]]
  })
}
