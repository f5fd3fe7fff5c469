import { Migration } from '@mikro-orm/migrations'

/** The number of a call's bridge, which only what the chart had saved told before. */
export class Migration20261201151500_bridge_number extends Migration {
  override up(): void {
    this.addSql('alter table call_log add column bridge_number int')
  }

  override down(): void {
    this.addSql('alter table call_log drop column bridge_number')
  }
}
