import type { Replay } from '../../http/calls/replay-routes.ts'

export type { Replay }

/** One event of a call and what the chart of today makes of it. */
export type ReplayStep = Replay['steps'][number]

export type Effect = ReplayStep['recorded']['effects'][number]
