import { Migration } from '@mikro-orm/migrations'

/**
 * What queries and triggers may know of a call's state: columns that each step fills, so that no SQL compares the names of states.
 *
 * Nodes of the release before write rows without them. Such a row is known by `projected_seq`, the step that has filled the columns
 * last, and a trigger fills them from that release's names of states. It goes with the column once no such node is left.
 */
export class Migration20261201183000_projection extends Migration {
  override up(): void {
    this.addSql(`alter table call_log
      add column takes_capacity boolean not null default false,
      add column is_bridged boolean not null default false,
      add column awaits_last_word boolean not null default false,
      add column projected_seq int not null default 0`)
    this.addSql(`create function project_for_release_before() returns trigger language plpgsql as $$
      begin
        new.takes_capacity := new.ended_at is null and new.state <> 'rejected';
        new.is_bridged := new.state = 'bridged';
        new.awaits_last_word := new.state = 'closing';
        return new;
      end $$`)
    this.addSql(`create trigger project_for_release_before before insert or update on call_log for each row
      when (new.projected_seq is distinct from new.last_seq) execute function project_for_release_before()`)
    // The trigger fills the columns of those that live; of those that are over the defaults are right.
    this.addSql('update call_log set state = state where ended_at is null')
    this.countBy('takes_capacity')
    // Nodes of the release before ask has_capacity.
    this.addSql('drop function lines_free(int)')
  }

  /** `taking`: whether a call takes a place, of those that are not over. */
  private countBy(taking: string): void {
    const [before, after] = [`old.${taking}`, `new.${taking}`]
    this.addSql(`create or replace function tally_call() returns trigger language plpgsql as $$
      declare
        took_place boolean := coalesce(old.ended_at is null and ${before}, false);
        takes_place boolean := coalesce(new.ended_at is null and ${after}, false);
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
    this.addSql(`create or replace trigger tally_changed after update on call_log for each row
      when ((old.ended_at is null) is distinct from (new.ended_at is null) or old.outcome is distinct from new.outcome
        or (${before}) is distinct from (${after}))
      execute function tally_call()`)
  }

  override down(): void {
    this.addSql(`create function lines_free(lines int) returns boolean language plpgsql volatile as $$
      begin
        perform pg_advisory_xact_lock(4011987);
        return (select count(*) < lines from call_log where ended_at is null and state <> 'rejected');
      end $$`)
    this.countBy(`state <> 'rejected'`)
    this.addSql('drop trigger project_for_release_before on call_log')
    this.addSql('drop function project_for_release_before()')
    this.addSql(
      'alter table call_log drop column takes_capacity, drop column is_bridged, drop column awaits_last_word, drop column projected_seq',
    )
  }
}
