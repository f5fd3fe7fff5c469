import { setTimeout as sleep } from 'node:timers/promises'
import type { TestDatabase } from '../../support/database.ts'
import type { RollingCall } from './rolling-call.ts'

type Row = {
  sid: string
  id: string
  state: string
  bridge: string | null
  outcome: string | null
  chart: string
}

const LOOK_EVERY_MS = 100

/** Reads what the database says of the calls, by columns that every version has. */
export class CallFollower {
  readonly #db: TestDatabase
  readonly #calls: readonly RollingCall[]

  constructor(db: TestDatabase, calls: readonly RollingCall[]) {
    this.#db = db
    this.#calls = calls
  }

  async look(): Promise<void> {
    const rows = await this.#db.query<Row>(
      'select provider_call_id as sid, id, state, bridge, outcome, chart_version as chart from call_log',
    )
    const bySid = new Map(rows.map((row) => [row.sid, row]))
    for (const call of this.#calls) {
      const row = bySid.get(call.sid)
      if (!row) continue
      call.callId = row.id
      call.shown = row.bridge === null ? row.state : `${row.state}.${row.bridge}`
      call.outcome = row.outcome
      call.chart = row.chart
    }
  }

  /** Looks until that is so or the time is up; resolves with whether it is so. */
  async until(isSo: () => boolean, patienceMs: number): Promise<boolean> {
    const deadline = Date.now() + patienceMs
    for (;;) {
      await this.look()
      if (isSo()) return true
      if (Date.now() > deadline) return false
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** FreeSWITCH's names of the channels of live SIP calls, by ours of the calls. */
  async channels(): Promise<Map<string, string>> {
    const rows = await this.#db.query<{ id: string; channel: string }>(
      'select call_id as id, channel from sip_leg where channel is not null',
    )
    return new Map(rows.map(({ id, channel }) => [id, channel]))
  }

  /** So much time passes for what this call waits for. */
  async passTime({ callId }: RollingCall, ms: number): Promise<void> {
    await this.#db.query('update call_timer set due_at = due_at - $2::interval where call_id = $1', [
      callId,
      `${ms} milliseconds`,
    ])
  }
}
