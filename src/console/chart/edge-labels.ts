import type { ElkPoint } from 'elkjs/lib/elk-api.js'

/*
 * Where the words of each line stand: on the line or beside it, over no state and over no other words where that can be.
 */

export type Rectangle = { x: number; y: number; width: number; height: number }

/** What a letter of chart.css is wide, and a line of words high. */
const LETTER = 7.9
const LINE = 17

/** Where on a straight part of a line words may stand, the best first; as shares of its length. */
const PLACES = [0.5, 0.3, 0.7, 0.15, 0.85]
/** To hide a state is worse than to hide words, which are rarely all shown at once. */
const OVER_STATE = 4
/** Words that stand away from the middle of a long part are found less easily. */
const AWAY = 60

/** Remembers what has been placed. */
export class WordPlacer {
  readonly #states: readonly Rectangle[]
  readonly #placed: Rectangle[] = []

  constructor(states: readonly Rectangle[]) {
    this.#states = states
  }

  /** The middle of where these words stand best along a line. */
  place(points: readonly ElkPoint[], words: readonly string[]): ElkPoint {
    const size = {
      width: Math.max(0, ...words.map((line) => line.length)) * LETTER + 4,
      height: words.length * LINE + 2,
    }
    const [best] = candidates(points, size)
      .map((candidate) => ({ ...candidate, cost: candidate.cost + this.#hidden(candidate.middle, size) }))
      .sort((a, b) => a.cost - b.cost)
    if (!best) return { x: 0, y: 0 }
    if (words.length > 0) this.#placed.push(around(best.middle, size))
    return best.middle
  }

  #hidden(middle: ElkPoint, size: Pick<Rectangle, 'width' | 'height'>): number {
    const box = around(middle, size)
    const over = (others: readonly Rectangle[]) => others.reduce((sum, other) => sum + shared(box, other), 0)
    return OVER_STATE * over(this.#states) + over(this.#placed)
  }
}

type Candidate = { middle: ElkPoint; cost: number }

/** On each straight part, and to both sides of those that go up or down. */
function candidates(points: readonly ElkPoint[], { width }: Pick<Rectangle, 'width'>): Candidate[] {
  return points.slice(1).flatMap((end, index) => {
    const start = points[index] as ElkPoint
    const length = Math.hypot(end.x - start.x, end.y - start.y)
    const isUpright = Math.abs(end.x - start.x) < 1
    const shifts = isUpright ? [0, width / 2 + 4, -width / 2 - 4] : [0]
    return PLACES.flatMap((share, rank) =>
      shifts.map((shift, side) => ({
        middle: {
          x: start.x + (end.x - start.x) * share + shift,
          y: start.y + (end.y - start.y) * share,
        },
        cost: AWAY * (rank + (side > 0 ? 1 : 0)) + Math.max(0, 200 - length),
      })),
    )
  })
}

const around = ({ x, y }: ElkPoint, { width, height }: Pick<Rectangle, 'width' | 'height'>): Rectangle => ({
  x: x - width / 2,
  y: y - height / 2,
  width,
  height,
})

/** The area that two rectangles share. */
function shared(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return width > 0 && height > 0 ? width * height : 0
}
