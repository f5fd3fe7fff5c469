import { Migration } from '@mikro-orm/migrations'

/** What the chart of that day made of each event, whole, so that a replay can say which step a changed chart does otherwise. */
export class Migration20261121063500_recorded_snapshots extends Migration {
  override up(): void {
    this.addSql(
      `alter table call_event add column snapshot jsonb null, add column chart_version varchar(255) null`,
    )
  }

  override down(): void {
    this.addSql(`alter table call_event drop column snapshot, drop column chart_version`)
  }
}
