import { Migration } from '@mikro-orm/migrations'

/**
 * Nodes write that they live, where the others can ask them, whether they take calls, and how far their clock is off. A
 * node of an older version writes none of it.
 */
export class Migration20261130215000_heartbeats extends Migration {
  override up(): void {
    this.addSql(
      `alter table service_node add column heartbeat_at timestamptz null, add column unresponsive_at timestamptz null,
         add column address text null, add column host text null, add column takes_calls boolean not null default true,
         add column clock_offset_ms double precision null`,
    )
  }

  override down(): void {
    this.addSql(
      `alter table service_node drop column heartbeat_at, drop column unresponsive_at, drop column address,
         drop column host, drop column takes_calls, drop column clock_offset_ms`,
    )
  }
}
