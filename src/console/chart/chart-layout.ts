import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk-api.js'
import { type Chart, type ChartNode, edgeWords, isBackward } from '../../model/drawn-chart.ts'
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

/** On a narrow page machines stand one under the other; `isNarrow` says so. */
export async function layOut(chart: Chart, isNarrow: boolean): Promise<ChartLayout> {
  const [{ default: elkApi }, { default: workerUrl }] = await Promise.all([
    import('elkjs/lib/elk-api.js'),
    import('elkjs/lib/elk-worker.min.js?url'),
  ])
  const elk = new elkApi.default({ workerFactory: () => new Worker(workerUrl) })
  try {
    const root = chart.nodes.get(chart.root)
    if (!root) throw new Error('The chart has no root.')
    const graph = {
      ...elkNode(chart, root),
      id: chart.root,
      edges: [...elkEdges(chart), ...rows(chart, isNarrow)],
    }
    return readLayout(await elk.layout(graph, { layoutOptions: OPTIONS }), chart)
  } finally {
    elk.terminateWorker()
  }
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

const elkEdges = (chart: Chart): ElkExtendedEdge[] =>
  chart.edges.map((edge) => {
    const ends = isBackward(chart, edge) ? [edge.target, edge.source] : [edge.source, edge.target]
    return { id: edge.id, sources: ends.slice(0, 1), targets: ends.slice(1) }
  })

/** Lines that nobody sees: each holds what goes on side by side below something else, so that the picture is about square. */
const rows = ({ nodes }: Chart, isNarrow: boolean): ElkExtendedEdge[] =>
  [...nodes.values()]
    .filter(({ type }) => type === 'parallel')
    .flatMap(({ children }) => {
      const perRow = isNarrow ? 1 : Math.ceil(Math.sqrt(children.length))
      return children.slice(perRow).map((child, index) => {
        const above = children[index] as string
        return { id: `${above} above ${child}`, sources: [above], targets: [child] }
      })
    })

function readLayout(graph: ElkNode, chart: Chart): ChartLayout {
  const boxes = new Map<string, Box>()
  const states: Rectangle[] = []
  const visit = (node: ElkNode, left: number, top: number) => {
    const { id, x = 0, y = 0, width = 0, height = 0, children = [] } = node
    if (id !== graph.id) boxes.set(id, { x, y, width, height })
    if (children.length === 0) states.push({ x: left + x, y: top + y, width, height })
    for (const child of children) visit(child, left + x, top + y)
  }
  visit(graph, 0, 0)
  const placer = new WordPlacer(states)
  const lines = new Map<string, Line>()
  for (const { id, sections = [] } of graph.edges ?? []) {
    const edge = chart.edges.find((drawn) => drawn.id === id)
    if (!edge) continue
    const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
      ...[startPoint, ...bendPoints, endPoint],
    ])
    if (isBackward(chart, edge)) points.reverse()
    const words = edgeWords(chart, edge)
    lines.set(id, { points, words, middle: placer.place(points, words) })
  }
  return { boxes, lines, size: { width: graph.width ?? 0, height: graph.height ?? 0 } }
}
