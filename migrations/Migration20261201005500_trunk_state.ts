import { Migration } from '@mikro-orm/migrations'

/** Which node registers a trunk, what became of that, and which calls are on each; and a function that gives a call its place. */
export class Migration20261201005500_trunk_state extends Migration {
  override up(): void {
    this.addSql(`create table trunk_state (
      trunk_id uuid primary key references trunk (id) on delete cascade,
      node_id uuid null,
      kept_until timestamptz null,
      registered_until timestamptz null,
      registration_error text null,
      registration_at timestamptz null,
      server_status int null,
      server_error text null,
      server_failures int not null default 0,
      server_failing_since timestamptz null,
      server_round_trip_ms double precision null,
      server_at timestamptz null,
      names jsonb not null default '[]',
      next_call_at timestamptz null
    )`)
    this.addSql(`create table trunk_call (
      id uuid primary key,
      trunk_id uuid not null references trunk (id) on delete cascade,
      node_id uuid not null,
      begun_at timestamptz not null default clock_timestamp()
    )`)
    this.addSql('create index trunk_call_trunk on trunk_call (trunk_id)')
    this.addSql(TAKE_TRUNK_PLACE)
  }

  override down(): void {
    this.addSql('drop function take_trunk_place')
    this.addSql('drop table trunk_call, trunk_state')
  }
}

/**
 * Says null when the call has a place, else which limit is reached. The lock makes calls of a limited trunk take turns; each
 * statement after it sees what the one before has done. A second's worth of calls may begin at once, then one each interval.
 */
const TAKE_TRUNK_PLACE = `create function take_trunk_place(wanted_trunk uuid, wanted_call uuid, wanted_node uuid) returns text
  language plpgsql as $$
  declare
    wanted record;
    next_at timestamptz;
    now_at timestamptz;
  begin
    select max_calls, max_calls_per_second as rate into wanted from trunk where id = wanted_trunk;
    if not found then return 'gone'; end if;
    if wanted.max_calls is not null or wanted.rate is not null then
      insert into trunk_state (trunk_id) values (wanted_trunk) on conflict do nothing;
      select next_call_at into next_at from trunk_state where trunk_id = wanted_trunk for update;
      now_at := clock_timestamp();
      if wanted.max_calls <= (select count(*) from trunk_call c where c.trunk_id = wanted_trunk
          and exists (select 1 from service_node n where n.id = c.node_id)) then return 'calls'; end if;
      if wanted.rate is not null then
        if next_at > now_at + make_interval(secs => (greatest(1, floor(wanted.rate)) - 1) / wanted.rate) then return 'rate'; end if;
        update trunk_state set next_call_at = greatest(coalesce(next_at, now_at), now_at) + make_interval(secs => 1 / wanted.rate)
          where trunk_id = wanted_trunk;
      end if;
    end if;
    insert into trunk_call (id, trunk_id, node_id) values (wanted_call, wanted_trunk, wanted_node);
    return null;
  end $$`
