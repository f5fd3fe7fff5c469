import { Migration } from '@mikro-orm/migrations'

/** The clone's story per call, read from the event log: what says the same thing is not written twice. */
export class Migration20261121040000_clone_event_views extends Migration {
  override up(): void {
    this.addSql(`create view clone_ready_events as
      select e.call_id, c.sample_key, e.event->>'voiceId' as voice_id, e.at
      from call_event e join call_log c on c.id = e.call_id
      where e.type = 'voice.ready'`)
    this.addSql(`create view clone_failed_events as
      select e.call_id, c.sample_key,
             case when e.type = 'voice.failed' then e.event->>'cause' else 'timed_out' end as cause, e.at
      from call_event e join call_log c on c.id = e.call_id
      where e.type = 'voice.failed' or e.type like 'xstate.after.CLONE_MAX_WAIT.%'`)
    this.addSql(`create view clone_transfer_events as
      select e.call_id, c.sample_key, c.voice_id, e.state_before as transferred_from,
             case when e.type = 'leg.asked' then 'poll' else 'moved' end as transferred_by, e.at
      from call_event e join call_log c on c.id = e.call_id
      where e.state_before in ('greeting', 'hold') and e.state_after = 'joining'`)
  }

  override down(): void {
    for (const view of ['clone_transfer_events', 'clone_failed_events', 'clone_ready_events']) {
      this.addSql(`drop view ${view}`)
    }
  }
}
