import { Handle, type Node, type NodeProps, Position } from '@xyflow/react'
import type { ChartNode } from '../../model/drawn-chart.ts'
import { type ActivityStore, useCount, useHeat, useTrail } from './activity-store.ts'

/** How a chart shows calls: as many at once, as the one call's place, or as what tests went through. */
export type Look = 'heat' | 'one' | 'tests'

type StateNodeData = { state: ChartNode; isInitial: boolean; activity: ActivityStore; look: Look }
export type StateFlowNode = Node<StateNodeData, 'state'>

/** One state: a box with its name, and within the box the states within. */
export function StateNode({
  data: { state, isInitial, activity, look },
  selected,
}: NodeProps<StateFlowNode>) {
  const count = useCount(activity, state.id)
  const heat = useHeat(activity, state.id)
  const isOnTrail = useTrail(activity, state.id)
  const isLeaf = state.children.length === 0
  return (
    <div
      className="chart-state"
      data-kind={isLeaf ? state.type : 'compound'}
      data-parallel={state.type === 'parallel' || undefined}
      data-initial={isInitial || undefined}
      data-trail={isOnTrail || undefined}
      data-active={count > 0 || undefined}
      data-look={look}
      data-selected={selected || undefined}
      style={look === 'heat' && isLeaf ? { '--heat': heat } : undefined}
    >
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <span className="chart-state-name">{state.key}</span>
      {look !== 'one' && count > 0 && (isLeaf || state.type === 'parallel') && (
        <span className="chart-state-count">{count}</span>
      )}
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  )
}
