import { Migration } from '@mikro-orm/migrations'

const view = (poll: string) => `create or replace view clone_transfer_events as
  select e.call_id, c.sample_key, c.voice_id, e.state_before as transferred_from,
         case when e.type ${poll} then 'poll' else 'moved' end as transferred_by, e.at
  from call_event e join call_log c on c.id = e.call_id
  where e.state_before in ('greeting', 'hold') and e.state_after = 'joining'`

/** What a leg that asks is written down as since chart 4; what charts before have written stays as it is. */
export class Migration20261201180500_instructions_requested extends Migration {
  override up(): void {
    this.addSql(view(`in ('leg.asked', 'leg.instructionsRequested')`))
  }

  override down(): void {
    this.addSql(view(`= 'leg.asked'`))
  }
}
