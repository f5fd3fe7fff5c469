import '@xyflow/react/dist/base.css'
import '../styles/chart.css'
import { Controls, MarkerType, ReactFlow, useReactFlow } from '@xyflow/react'
import { useEffect, useMemo } from 'react'
import { type Chart, isInitial } from '../../model/drawn-chart.ts'
import type { ActivityStore } from './activity-store.ts'
import type { ChartLayout } from './chart-layout.ts'
import { type Look, type StateFlowNode, StateNode } from './state-node.tsx'
import { TransitionEdge, type TransitionFlowEdge } from './transition-edge.tsx'

const NODE_TYPES = { state: StateNode }
const EDGE_TYPES = { transition: TransitionEdge }
const FIT = { padding: 0.02, maxZoom: 0.95 }
const NONE: ReadonlySet<string> = new Set()
/** Nothing can be moved, joined or deleted. */
const ONLY_LOOKED_AT = {
  nodesDraggable: false,
  nodesConnectable: false,
  edgesFocusable: false,
  elevateNodesOnSelect: false,
  zIndexMode: 'manual',
  deleteKeyCode: null,
  selectionKeyCode: null,
  multiSelectionKeyCode: null,
  proOptions: { hideAttribution: true },
} as const

export type ChartViewProps = {
  chart: Chart
  layout: ChartLayout
  activity: ActivityStore
  look: Look
  /** The lines that may be gone along next. */
  offered?: ReadonlySet<string>
  /** The lines that no test went along. */
  missed?: ReadonlySet<string>
  onSelect?: (state: string | null) => void
  /** The states to be kept in sight where there is no room for all. */
  focus?: readonly string[]
}

/** The chart as a picture that can be moved and zoomed; its states can be reached with the Tab key. */
export function ChartView({
  chart,
  layout,
  activity,
  look,
  offered = NONE,
  missed = NONE,
  onSelect,
  focus,
}: ChartViewProps) {
  const nodes = useMemo(() => flowNodes(chart, layout, activity, look), [chart, layout, activity, look])
  const edges = useMemo(
    () => flowEdges(chart, layout, { activity, look }, { offered, missed }),
    [chart, layout, activity, look, offered, missed],
  )
  return (
    <>
      {onSelect && (
        <button type="button" className="quiet small skip-chart" onClick={skip}>
          Skip the statechart
        </button>
      )}
      <ReactFlow<StateFlowNode, TransitionFlowEdge>
        className="chart"
        key={layout.size.width}
        defaultNodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        fitView
        fitViewOptions={FIT}
        minZoom={0.15}
        maxZoom={2}
        nodesFocusable={onSelect !== undefined}
        {...ONLY_LOOKED_AT}
        aria-label="Statechart"
        onSelectionChange={({ nodes: [chosen] }) => onSelect?.(chosen?.id ?? null)}
      >
        {focus && <KeepInSight states={focus} />}
        <Controls showInteractive={false} fitViewOptions={FIT} />
      </ReactFlow>
    </>
  )
}

/** Whoever goes by the Tab key need not pass thirty states to come to what is below. */
function skip({ currentTarget }: { currentTarget: HTMLElement }): void {
  const after = currentTarget.nextElementSibling?.nextElementSibling
  if (!(after instanceof HTMLElement)) return
  after.tabIndex = -1
  after.focus()
}

/** A phone shows the part of the chart in which the call is, and moves along with it. */
function KeepInSight({ states }: { states: readonly string[] }) {
  const { fitView } = useReactFlow()
  const key = states.join('\n')
  useEffect(() => {
    if (!matchMedia('(max-width: 46rem)').matches) return
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    const nodes = key.split('\n').map((id) => ({ id }))
    void fitView({ nodes, maxZoom: 0.8, minZoom: 0.55, padding: 0.6, duration: isCalm ? 0 : 300 })
  }, [fitView, key])
  return null
}

function flowNodes(
  chart: Chart,
  { boxes }: ChartLayout,
  activity: ActivityStore,
  look: Look,
): StateFlowNode[] {
  return [...chart.nodes.values()].flatMap((state) => {
    const box = boxes.get(state.id)
    if (!box) return []
    const { x, y, width, height } = box
    return {
      id: state.id,
      type: 'state' as const,
      position: { x, y },
      ...(state.parent !== null && state.parent !== chart.root && { parentId: state.parent }),
      width,
      height,
      data: { state, isInitial: isInitial(chart, state), activity, look },
      // A state within is put one above the state around it; all of those are below the lines.
      zIndex: state.children.length === 0 ? 2 : -10,
      ariaLabel: `State ${state.path}: ${state.description ?? 'a group of states'}`,
    }
  })
}

function flowEdges(
  chart: Chart,
  { lines }: ChartLayout,
  shared: Pick<ChartViewProps, 'activity' | 'look'>,
  { offered, missed }: Record<'offered' | 'missed', ReadonlySet<string>>,
): TransitionFlowEdge[] {
  return chart.edges.flatMap(({ id, source, target }) => {
    const line = lines.get(id)
    if (!line) return []
    return {
      id,
      source,
      target,
      type: 'transition' as const,
      data: { line, ...shared, isOffered: offered.has(id), isMissed: missed.has(id) },
      zIndex: 1,
      focusable: false,
      selectable: false,
      markerEnd: {
        type: MarkerType.ArrowClosed,
        width: 20,
        height: 20,
        color: 'var(--transition-ink)',
        markerUnits: 'userSpaceOnUse',
      },
    }
  })
}
