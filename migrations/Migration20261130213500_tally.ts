import { Migration } from '@mikro-orm/migrations'

/**
 * Counts that are kept instead of counted. Each count is spread over as many rows as there are connections, because a row
 * that is written stays locked until its commit is on disk. Triggers keep them: a node of an earlier version, an operator who
 * deletes old calls and a new one count alike.
 *
 * `lines_free` stays for nodes of an earlier version, which take the last places in turn with the others: the lock is the same.
 */
export class Migration20261130213500_tally extends Migration {
  override up(): void {
    this.addSql(`create table tally (
      name varchar(32) not null,
      label varchar(255) not null,
      slot smallint not null,
      count bigint not null,
      total_ms bigint not null default 0,
      primary key (name, label, slot)
    ) with (fillfactor = 40)`)
    this.addSql(`create function tally_add(name text, label text, by int, ms int) returns void language sql as $$
      insert into tally as t (name, label, slot, count, total_ms)
      values (name, label, pg_backend_pid() % 256, by, coalesce(ms, 0) * by)
      on conflict (name, label, slot) do update
        set count = t.count + excluded.count, total_ms = t.total_ms + excluded.total_ms
    $$`)
    this.addCalls()
    this.addClones()
    this.addCapacity()
  }

  /** `in_capacity`: calls that take a place; `outcome`: calls that are over, by how they ended. */
  private addCalls(): void {
    this.addSql(`create function tally_call() returns trigger language plpgsql as $$
      declare
        took_place boolean := coalesce(old.ended_at is null and old.state <> 'rejected', false);
        takes_place boolean := coalesce(new.ended_at is null and new.state <> 'rejected', false);
      begin
        if took_place <> takes_place then
          perform tally_add('in_capacity', '', case when takes_place then 1 else -1 end, 0);
        end if;
        if old.outcome is distinct from new.outcome then
          if old.outcome is not null then perform tally_add('outcome', old.outcome, -1, 0); end if;
          if new.outcome is not null then perform tally_add('outcome', new.outcome, 1, 0); end if;
        end if;
        return null;
      end $$`)
    this.addSql(`create function tally_no_calls() returns trigger language plpgsql as $$
      begin
        delete from tally where name in ('in_capacity', 'outcome');
        return null;
      end $$`)
    const each = 'for each row execute function tally_call()'
    this.addSql(`create trigger tally_new after insert on call_log ${each}`)
    this.addSql(`create trigger tally_gone after delete on call_log ${each}`)
    this.addSql(`create trigger tally_changed after update on call_log for each row
      when ((old.ended_at is null) is distinct from (new.ended_at is null) or old.outcome is distinct from new.outcome
        or (old.state = 'rejected') is distinct from (new.state = 'rejected'))
      execute function tally_call()`)
    this.addSql('create trigger tally_none after truncate on call_log execute function tally_no_calls()')
    this.addSql(`insert into tally (name, label, slot, count)
      select 'in_capacity', '', 0, count(*) from call_log where ended_at is null and state <> 'rejected'
      union all select 'outcome', outcome, 0, count(*) from call_log where outcome is not null group by outcome`)
  }

  /** `clone`: what happened to clones, by result, with how long it took. */
  private addClones(): void {
    this.addSql(`create function tally_clone() returns trigger language plpgsql as $$
      begin
        if tg_op = 'TRUNCATE' then delete from tally where name = 'clone';
        elsif tg_op = 'DELETE' then perform tally_add('clone', old.result, -1, old.duration_ms);
        else perform tally_add('clone', new.result, 1, new.duration_ms);
        end if;
        return null;
      end $$`)
    this.addSql(`create trigger tally_clone after insert or delete on voice_clone_log
      for each row execute function tally_clone()`)
    this.addSql(
      'create trigger tally_no_clone after truncate on voice_clone_log execute function tally_clone()',
    )
    this.addSql(`insert into tally (name, label, slot, count, total_ms)
      select 'clone', result, 0, count(*), coalesce(sum(duration_ms), 0) from voice_clone_log group by result`)
    this.addSql(
      `create index if not exists voice_clone_log_duration on voice_clone_log (duration_ms) where result = 'cloned'`,
    )
  }

  /**
   * Whether there is a place for one more call. One of the last is given to one call at a time, which sees all that were given
   * before: a statement does not see what was committed while it waited for a lock, but one within a volatile function does
   * (PostgreSQL, section 36.7). Far from them calls share the lock and do not wait for each other: there are places left for
   * as many as the server has connections, and no more can be opened at the same moment.
   */
  private addCapacity(): void {
    this.addSql(`create function has_capacity(capacity int, is_last boolean) returns boolean language plpgsql volatile as $$
      begin
        if is_last then perform pg_advisory_xact_lock(4011987);
        else perform pg_advisory_xact_lock_shared(4011987);
        end if;
        return (select coalesce(sum(count), 0) + case when is_last then 1 else current_setting('max_connections')::int end
                  <= capacity from tally where name = 'in_capacity');
      end $$`)
  }

  override down(): void {
    this.addSql('drop function has_capacity(int, boolean)')
    for (const trigger of ['tally_new', 'tally_gone', 'tally_changed', 'tally_none'])
      this.addSql(`drop trigger ${trigger} on call_log`)
    for (const trigger of ['tally_clone', 'tally_no_clone'])
      this.addSql(`drop trigger ${trigger} on voice_clone_log`)
    for (const name of ['tally_call', 'tally_no_calls', 'tally_clone']) this.addSql(`drop function ${name}()`)
    this.addSql('drop function tally_add(text, text, int, int)')
    this.addSql('drop index voice_clone_log_duration')
    this.addSql('drop table tally')
  }
}
