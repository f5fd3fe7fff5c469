import {
  BaseEdge,
  type Edge,
  EdgeLabelRenderer,
  type EdgeProps,
  type ReactFlowState,
  useStore,
} from '@xyflow/react'
import { useEffect, useState } from 'react'
import { type ActivityStore, usePassages, useTrail } from './activity-store.ts'
import type { Line } from './chart-layout.ts'
import type { Look } from './state-node.tsx'

type TransitionEdgeData = {
  line: Line
  activity: ActivityStore
  look: Look
  isOffered: boolean
  isMissed: boolean
}
export type TransitionFlowEdge = Edge<TransitionEdgeData, 'transition'>

/** How long a line stays lit after somebody went along it. */
const LIT_MS = 1_400
const CORNER = 7

/** From here on the words of all lines can be read and find room. */
const CLOSE = 1
const isZoomedIn = ({ transform }: ReactFlowState) => transform[2] >= CLOSE

/** A line from state to state; a dot runs along it when a call does. */
export function TransitionEdge({ id, data, markerEnd }: EdgeProps<TransitionFlowEdge>) {
  if (!data) return null
  return <TransitionLine id={id} markerEnd={markerEnd} {...data} />
}

function TransitionLine({
  id,
  line,
  activity,
  look,
  isOffered,
  isMissed,
  markerEnd,
}: TransitionEdgeData & { id: string; markerEnd?: string }) {
  const passages = usePassages(activity, id)
  const isLit = useLit(passages)
  const isOnTrail = useTrail(activity, id)
  const isClose = useStore(isZoomedIn)
  const path = roundedPath(line.points)
  return (
    <g
      className="transition"
      data-lit={isLit || undefined}
      data-trail={isOnTrail || undefined}
      data-offered={isOffered || undefined}
      data-missed={isMissed || undefined}
    >
      <BaseEdge id={id} path={path} markerEnd={markerEnd} interactionWidth={0} />
      {isLit && (
        <circle key={passages} className="transition-dot" r="5">
          <animateMotion
            dur="0.8s"
            fill="freeze"
            path={path}
            calcMode="spline"
            keyTimes="0;1"
            keySplines="0.4 0 0.2 1"
          />
        </circle>
      )}
      {(isOffered || isClose || (isLit && look === 'one')) && line.words.length > 0 && (
        <LineWords {...{ line, isLit, isOffered }} />
      )}
    </g>
  )
}

type LineWordsProps = { line: Line; isLit: boolean; isOffered: boolean }

function LineWords({ line: { words, middle }, isLit, isOffered }: LineWordsProps) {
  return (
    <EdgeLabelRenderer>
      <div
        className="transition-words"
        data-lit={isLit || undefined}
        data-offered={isOffered || undefined}
        style={{ transform: `translate(${middle.x}px, ${middle.y}px) translate(-50%, -50%)` }}
      >
        {words.map((each) => (
          <span key={each}>{each}</span>
        ))}
      </div>
    </EdgeLabelRenderer>
  )
}

/** True for a while after each passage; what was passed before this was first shown is no news. */
function useLit(passages: number): boolean {
  const [seen, setSeen] = useState(passages)
  useEffect(() => {
    if (passages === seen) return
    const dimming = setTimeout(() => setSeen(passages), LIT_MS)
    return () => clearTimeout(dimming)
  }, [passages, seen])
  return passages !== seen
}

type Point = { x: number; y: number }

/** Straight lines with small round corners. */
function roundedPath(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (!first) return ''
  return rest.reduce((path, point, index) => {
    const next = rest[index + 1]
    if (!next) return `${path} L ${point.x} ${point.y}`
    const from = index === 0 ? first : (rest[index - 1] as Point)
    const a = towards(point, from)
    const b = towards(point, next)
    return `${path} L ${a.x} ${a.y} Q ${point.x} ${point.y} ${b.x} ${b.y}`
  }, `M ${first.x} ${first.y}`)
}

function towards(corner: Point, other: Point): Point {
  const length = Math.hypot(other.x - corner.x, other.y - corner.y)
  if (length === 0) return corner
  const share = Math.min(CORNER, length / 2) / length
  return { x: corner.x + (other.x - corner.x) * share, y: corner.y + (other.y - corner.y) * share }
}
