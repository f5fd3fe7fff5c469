import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { ChartDefinition } from '../actors/chart-definition.ts'
import type { Counts } from './carrier-coverage.ts'
import {
  type Chart,
  type ChartNode,
  chartOf,
  edgeWords,
  isBackward,
  isInitial,
  triggerWords,
} from './drawn-chart.ts'
import { UnusableChart } from './unusable-chart.ts'

/*
 * A chart as a picture that stands alone: states within states, every transition with its words. ELK lays it out; it is a
 * development package, so it is loaded when somebody asks for a picture.
 */

const LEAF_HEIGHT = 36
const TITLE_HEIGHT = 30
/** What the letters of the style below are wide, on average. */
const NAME_LETTER = 8
const WORD_LETTER = 6.2
const WORD_LINE = 14
const MARGIN = 12

/** With room for the words of every line, which a page need not have: it shows them when asked. */
const LAYOUT = {
  'elk.algorithm': 'layered',
  'elk.direction': 'DOWN',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.edgeCoords': 'ROOT',
  'elk.json.shapeCoords': 'ROOT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.spacing.nodeNodeBetweenLayers': '36',
  'elk.spacing.nodeNode': '24',
  'elk.spacing.edgeNode': '14',
  'elk.spacing.edgeEdge': '10',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
}

/** How often tests came by a part of the chart, by its id; null where nothing was measured. */
/** How often tests came by each part, by its id; what they cannot come by is left out. */
type Measured = Readonly<Record<string, number>> | null

/** With `counts`, what no test came by stands out. Rejects with UnusableChart where ELK is not installed. */
export async function chartSvg(definition: ChartDefinition, counts: Counts | null = null): Promise<string> {
  const chart = chartOf(definition)
  const root = chart.nodes.get(chart.root)
  if (!root) throw new UnusableChart('The chart has no root.')
  const elk = await loadElk()
  const placed = await elk.layout(
    { ...elkNode(chart, root), edges: chart.edges.map((edge) => elkEdge(chart, edge)) },
    { layoutOptions: LAYOUT },
  )
  return svgOf(placed, chart, counts && { ...counts.states, ...counts.transitions })
}

async function loadElk() {
  try {
    // The bundle's types describe its CommonJS form, in which the class is one level deeper.
    const { default: elk } = await import('elkjs/lib/elk.bundled.js')
    return new (elk as unknown as typeof elk.default)()
  } catch (cause) {
    throw new UnusableChart(
      'The picture is laid out by elkjs, which is not installed: run npm ci with development packages.',
      { cause },
    )
  }
}

function elkNode(chart: Chart, node: ChartNode): ElkNode {
  const children = node.children.flatMap((id) => chart.nodes.get(id) ?? [])
  const width = node.key.length * NAME_LETTER + 36
  if (children.length === 0) return { id: node.id, width, height: LEAF_HEIGHT }
  return {
    id: node.id,
    children: children.map((child) => elkNode(chart, child)),
    layoutOptions: {
      'elk.padding': `[top=${TITLE_HEIGHT + 12},left=16,bottom=16,right=16]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${width},60)`,
    },
  }
}

function elkEdge(chart: Chart, edge: Chart['edges'][number]): ElkExtendedEdge {
  const words = edgeWords(chart, edge)
  const width = Math.max(0, ...words.map((line) => line.length)) * WORD_LETTER + 8
  const label = { text: words.join('\n'), width, height: words.length * WORD_LINE + 4 }
  const labels = words.length > 0 ? [label] : []
  const ends = isBackward(chart, edge) ? [edge.target, edge.source] : [edge.source, edge.target]
  return { id: edge.id, sources: ends.slice(0, 1), targets: ends.slice(1), labels }
}

function svgOf(root: ElkNode, chart: Chart, counts: Measured): string {
  const { width = 0, height = 0 } = root
  const [wide, high] = [Math.ceil(width + 2 * MARGIN), Math.ceil(height + 2 * MARGIN)]
  const size = `viewBox="${-MARGIN} ${-MARGIN} ${wide} ${high}" width="${wide}" height="${high}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" aria-label="The statechart ${text(chart.root)}">
<style>${STYLE}</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z"/></marker></defs>
${nodeLines(root, chart, counts).join('\n')}
${(root.edges ?? []).flatMap((edge) => edgeLines(edge, chart, counts)).join('\n')}
</svg>
`
}

function nodeLines(
  { id, x = 0, y = 0, width = 0, height = 0, children = [] }: ElkNode,
  chart: Chart,
  counts: Measured,
): string[] {
  const node = chart.nodes.get(id)
  if (!node) return []
  const isLeaf = children.length === 0
  const place = `x="${x}" y="${y}" width="${width}" height="${height}"`
  const name = isLeaf
    ? `<text x="${x + width / 2}" y="${y + height / 2 + 4}" text-anchor="middle">${text(node.key)}</text>`
    : `<text x="${x + 12}" y="${y + 20}">${text(node.key)}</text>`
  const kind = [node.type, isInitial(chart, node) ? 'initial' : '', missed([id], counts)].join(' ').trim()
  const about = [node.description ?? '', passageWords(node.key, id, counts)].filter(Boolean).join('\n')
  return [
    `<g class="${kind}"><rect ${place} rx="8"/>${name}${title(about)}</g>`,
    ...children.flatMap((child) => nodeLines(child, chart, counts)),
  ]
}

const title = (words: string) => (words === '' ? '' : `<title>${text(words)}</title>`)

/** Marks what some test should have come by and none did. */
const missed = (ids: string[], counts: Measured) =>
  counts && ids.some((id) => counts[id] === 0) ? 'missed' : ''

const passageWords = (name: string, id: string, counts: Measured) =>
  counts?.[id] === undefined ? '' : `${name}: gone through ${counts[id]} times`

function edgeLines(
  { id, sections = [], labels = [] }: ElkExtendedEdge,
  chart: Chart,
  counts: Measured,
): string[] {
  const edge = chart.edges.find((drawn) => drawn.id === id)
  if (!edge) return []
  const { transitions } = edge
  const kind = missed(
    transitions.map((transition) => transition.id),
    counts,
  )
  const about = transitions
    .map((transition) => passageWords(triggerWords(transition) || 'at once', transition.id, counts))
    .join('\n')
  const lines = sections.map(({ startPoint, bendPoints = [], endPoint }) => {
    const points = [startPoint, ...bendPoints, endPoint].map(({ x, y }) => `${x},${y}`)
    if (isBackward(chart, edge)) points.reverse()
    return `<polyline class="${kind}" points="${points.join(' ')}" marker-end="url(#arrow)">${title(about.trim())}</polyline>`
  })
  const words = labels.flatMap(({ x = 0, y = 0, width = 0, text: label = '' }) =>
    label
      .split('\n')
      .map(
        (line, index) =>
          `<text class="words" x="${x + width / 2}" y="${y + 12 + index * WORD_LINE}" text-anchor="middle">${text(line)}</text>`,
      ),
  )
  return [...lines, ...words]
}

const STYLE = `
svg{font:14px system-ui,sans-serif;color-scheme:light dark;background:light-dark(#fff,#16181d)}
rect{fill:light-dark(#f6f7f9,#20242c);stroke:light-dark(#8a93a3,#77819a)}
.atomic rect{fill:light-dark(#fff,#2a303b)}.final rect{stroke-width:3}.initial rect{stroke:light-dark(#1f6feb,#6cb0ff);stroke-width:2}
.parallel>rect{stroke-dasharray:6 4}
text{fill:light-dark(#1c2430,#e6e9ef)}.words{font-size:11px;fill:light-dark(#4a5568,#b6bfce)}
polyline{fill:none;stroke:light-dark(#8a93a3,#77819a)}marker path{fill:light-dark(#8a93a3,#77819a)}
.missed rect,polyline.missed{stroke:light-dark(#c62828,#ff8a80);stroke-width:3}`

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const text = (words: string) => words.replaceAll(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign)
