import { Migration } from '@mikro-orm/migrations'

/**
 * A trunk's name is its own, since metrics tell trunks apart by it; its SRTP policy may be left to SIP_SRTP. A call takes its place
 * with the trunk's row held first, as who deletes the trunk does.
 */
export class Migration20261201014500_trunk_names extends Migration {
  override up(): void {
    this.addSql(`update trunk t set name = left(t.name, 240) || ' ' || left(t.id::text, 8)
      where exists (select 1 from trunk o where o.name = t.name and o.id < t.id)`)
    this.addSql('create unique index trunk_name on trunk (name)')
    this.addSql('alter table trunk alter column srtp drop not null')
    this.addSql(TAKE_TRUNK_PLACE)
  }

  override down(): void {
    this.addSql(`update trunk set srtp = 'optional' where srtp is null`)
    this.addSql('alter table trunk alter column srtp set not null')
    this.addSql('drop index trunk_name')
  }
}

/** As before, but for the lock in its first statement. */
const TAKE_TRUNK_PLACE = `create or replace function take_trunk_place(wanted_trunk uuid, wanted_call uuid, wanted_node uuid)
  returns text language plpgsql as $$
  declare
    wanted record;
    next_at timestamptz;
    now_at timestamptz;
  begin
    select max_calls, max_calls_per_second as rate into wanted from trunk where id = wanted_trunk for key share;
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
