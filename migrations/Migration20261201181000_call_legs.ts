import { Migration } from '@mikro-orm/migrations'

const LEGS_OF_CALLS = `(id, call_id, role, provider, provider_call_id, started_at, ended_at, end_reason)
  select id, id, 'caller', provider, provider_call_id, started_at, ended_at, outcome from call_log`

/**
 * Each party's line has a row of its own, and a SIP leg hangs on that. The call keeps what its carrier calls it, and a SIP leg its
 * call, for nodes of the release before: triggers make legs of what these write. All calls that there are get their leg while calls
 * are still written. From the triggers on none is, until what came meanwhile is added; that none can be read is for a moment alone.
 */
export class Migration20261201181000_call_legs extends Migration {
  override up(): void {
    this.addSql(`create table call_leg (
      id uuid primary key,
      call_id uuid not null,
      role varchar(255) not null,
      provider varchar(255) not null,
      provider_call_id varchar(255) null,
      started_at timestamptz not null,
      ended_at timestamptz null,
      end_reason varchar(255) null
    )`)
    this.addSql(`insert into call_leg ${LEGS_OF_CALLS}`)
    this.addSql(
      'alter table call_leg add constraint call_leg_provider_call unique (provider, provider_call_id)',
    )
    this.addSql('create index call_leg_call on call_leg (call_id)')
    this.addSql('create index call_leg_provider_call_id on call_leg (provider_call_id)')
    this.followReleaseBefore()
    this.addSql(`insert into call_leg ${LEGS_OF_CALLS} c where not exists (
      select 1 from call_leg l where l.call_id = c.id)`)
    this.addSql(`update call_leg l set ended_at = c.ended_at, end_reason = c.outcome
      from call_log c where c.id = l.call_id and l.ended_at is null and c.ended_at is not null`)
    this.addSql(`alter table call_leg add constraint call_leg_call_id_fkey
      foreign key (call_id) references call_log (id) on delete cascade`)
    this.hangSipLegsOnLegs()
    this.addSql('alter table call_log alter column provider_call_id drop not null')
  }

  /** The leg of a call that chart 3 or an older one begins, and the end of legs whose call such a node ends. */
  private followReleaseBefore(): void {
    this.addSql(`create function begin_callers_leg() returns trigger language plpgsql as $$
      begin
        insert into call_leg (id, call_id, role, provider, provider_call_id, started_at, ended_at, end_reason)
        values (new.id, new.id, 'caller', new.provider, new.provider_call_id, new.started_at, new.ended_at, new.outcome)
        on conflict do nothing;
        return null;
      end $$`)
    this.addSql(`create function end_legs() returns trigger language plpgsql as $$
      begin
        update call_leg set ended_at = new.ended_at, end_reason = new.outcome
        where call_id = new.id and ended_at is null;
        return null;
      end $$`)
    this.addSql(`create trigger call_leg_begun after insert on call_log for each row
      when (split_part(new.chart_version, '.', 1) in ('1', '2', '3')) execute function begin_callers_leg()`)
    this.addSql(`create trigger call_leg_ended after update on call_log for each row
      when (old.ended_at is null and new.ended_at is not null) execute function end_legs()`)
  }

  private hangSipLegsOnLegs(): void {
    this.addSql('alter table sip_leg add column leg_id uuid')
    this.addSql('update sip_leg set leg_id = call_id')
    this.addSql('alter table sip_leg drop constraint sip_leg_pkey, drop constraint sip_leg_call_id_fkey')
    this.addSql('alter table sip_leg add primary key (leg_id)')
    this.addSql(`alter table sip_leg add constraint sip_leg_leg_id_fkey
      foreign key (leg_id) references call_leg (id) on delete cascade`)
    this.addSql(`create function name_sip_leg() returns trigger language plpgsql as $$
      begin
        new.leg_id := coalesce(new.leg_id, new.call_id);
        return new;
      end $$`)
    this.addSql(`create trigger sip_leg_named before insert on sip_leg for each row
      when (new.leg_id is null) execute function name_sip_leg()`)
  }

  override down(): void {
    this.addSql('drop trigger sip_leg_named on sip_leg')
    this.addSql('drop function name_sip_leg()')
    this.addSql('alter table sip_leg drop column leg_id')
    this.addSql('alter table sip_leg add primary key (call_id)')
    this.addSql(`alter table sip_leg add constraint sip_leg_call_id_fkey
      foreign key (call_id) references call_log (id) on delete cascade`)
    for (const trigger of ['call_leg_begun', 'call_leg_ended'])
      this.addSql(`drop trigger ${trigger} on call_log`)
    for (const name of ['begin_callers_leg', 'end_legs']) this.addSql(`drop function ${name}()`)
    this.addSql('delete from call_log where provider_call_id is null')
    this.addSql('alter table call_log alter column provider_call_id set not null')
    this.addSql('drop table call_leg')
  }
}
