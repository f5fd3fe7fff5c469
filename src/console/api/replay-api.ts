/** One event of a call and what the chart of today makes of it, as `GET /api/v1/calls/{id}/replay` tells it. */
export type ReplayStep = {
  seq: number
  at: string
  type: string
  event: { type: string } & Record<string, unknown>
  recorded: { stateBefore: string; stateAfter: string; effects: Effect[] }
  reproduced: {
    stateAfter: string
    voice: string
    /** The ids of all states that the call is in. */
    states: string[]
    context: Record<string, unknown>
    /** What the leg is told, in order; null where nothing says what it is told in this state. */
    leg: ({ do: string } & Record<string, unknown>)[] | null
    media: string | null
    timers: { timerId: string; dueAt: string }[]
    accepts: string[]
  }
  differences: { what: string; recorded?: unknown; reproduced?: unknown }[]
  /** The ids of the states that were entered, those included that were left at once, and of the transitions taken. */
  entered: string[]
  took: string[]
}

export type Effect = { type: string; params?: Record<string, unknown> }

export type Replay = {
  call: { chartVersion: string }
  chartVersion: string
  steps: ReplayStep[]
  firstDifference: number | null
}
