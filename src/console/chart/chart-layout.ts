import type { ElkExtendedEdge, ElkNode, ElkPoint } from 'elkjs/lib/elk-api.js'
import { type Chart, type ChartNode, edgeWords } from '../../model/drawn-chart.ts'

/*
 * Where each state is drawn and which way each line goes around the others. ELK places them, in a worker of its own, so
 * that the page goes on meanwhile.
 */

export type Box = { x: number; y: number; width: number; height: number }
/** A line in the whole picture's coordinates, with its words and the middle of its longest part, where they fit best. */
export type Line = { points: ElkPoint[]; words: string[]; middle: ElkPoint }
export type ChartLayout = {
  /** Within the state around it. */
  boxes: ReadonlyMap<string, Box>
  lines: ReadonlyMap<string, Line>
  size: { width: number; height: number }
}

const LEAF_HEIGHT = 40
/** Room for a compound state's name. */
const TITLE_HEIGHT = 34
/** What a letter of chart.css is wide, on average; ELK wants to know before anything is drawn. */
const NAME_LETTER = 8.9

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
  'elk.layered.spacing.nodeNodeBetweenLayers': '40',
  'elk.spacing.nodeNode': '26',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '11',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '11',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.thoroughness': '20',
  'elk.padding': '[top=4,left=4,bottom=4,right=4]',
}

export async function layOut(chart: Chart): Promise<ChartLayout> {
  const [{ default: elkApi }, { default: workerUrl }] = await Promise.all([
    import('elkjs/lib/elk-api.js'),
    import('elkjs/lib/elk-worker.min.js?url'),
  ])
  const elk = new elkApi.default({ workerFactory: () => new Worker(workerUrl) })
  try {
    const root = chart.nodes.get(chart.root)
    if (!root) throw new Error('The chart has no root.')
    const graph = { ...elkNode(chart, root), id: chart.root, edges: elkEdges(chart) }
    return readLayout(await elk.layout(graph, { layoutOptions: OPTIONS }), chart)
  } finally {
    elk.terminateWorker()
  }
}

function elkNode(chart: Chart, node: ChartNode): ElkNode {
  const children = node.children.flatMap((id) => chart.nodes.get(id) ?? [])
  if (children.length === 0) {
    return { id: node.id, width: Math.max(108, node.key.length * NAME_LETTER + 74), height: LEAF_HEIGHT }
  }
  return {
    id: node.id,
    children: children.map((child) => elkNode(chart, child)),
    layoutOptions: {
      'elk.padding': `[top=${TITLE_HEIGHT + 10},left=16,bottom=16,right=16]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${node.key.length * NAME_LETTER + 70},60)`,
    },
  }
}

const elkEdges = (chart: Chart): ElkExtendedEdge[] =>
  chart.edges.map(({ id, source, target }) => ({ id, sources: [source], targets: [target] }))

function readLayout(graph: ElkNode, chart: Chart): ChartLayout {
  const boxes = new Map<string, Box>()
  const visit = (node: ElkNode) => {
    const { id, x = 0, y = 0, width = 0, height = 0 } = node
    if (id !== graph.id) boxes.set(id, { x, y, width, height })
    for (const child of node.children ?? []) visit(child)
  }
  visit(graph)
  const lines = new Map<string, Line>()
  for (const { id, sections = [] } of graph.edges ?? []) {
    const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
      ...[startPoint, ...bendPoints, endPoint],
    ])
    const edge = chart.edges.find((drawn) => drawn.id === id)
    lines.set(id, { points, words: edge ? edgeWords(chart, edge) : [], middle: middleOf(points) })
  }
  return { boxes, lines, size: { width: graph.width ?? 0, height: graph.height ?? 0 } }
}

/** The middle of the longest straight part. */
function middleOf(points: readonly ElkPoint[]): ElkPoint {
  const parts = points.slice(1).map((end, index) => ({ start: points[index] as ElkPoint, end }))
  const lengthOf = ({ start, end }: (typeof parts)[number]) => Math.hypot(end.x - start.x, end.y - start.y)
  const [longest] = parts.sort((a, b) => lengthOf(b) - lengthOf(a))
  if (!longest) return { x: 0, y: 0 }
  const { start, end } = longest
  return { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 }
}
