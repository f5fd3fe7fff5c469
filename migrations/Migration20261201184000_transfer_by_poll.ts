import { Migration } from '@mikro-orm/migrations'

/** A leg's question is called `leg.instructionsRequested` now; what was written down before keeps its name. */
export class Migration20261201184000_transfer_by_poll extends Migration {
  override up(): void {
    this.replace(`e.type in ('leg.instructionsRequested', 'leg.asked')`)
  }

  private replace(isPoll: string): void {
    this.addSql(`create or replace view clone_transfer_events as
      select e.call_id, c.sample_key, c.voice_id, e.state_before as transferred_from,
             case when ${isPoll} then 'poll' else 'moved' end as transferred_by, e.at
      from call_event e join call_log c on c.id = e.call_id
      where e.state_before in ('greeting', 'hold') and e.state_after = 'joining'`)
  }

  override down(): void {
    this.replace(`e.type = 'leg.asked'`)
  }
}
