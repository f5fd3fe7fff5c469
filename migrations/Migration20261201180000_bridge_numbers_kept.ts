import { Migration } from '@mikro-orm/migrations'

/** Calls that live since before the column was written have their bridge's number in what they remember alone. */
export class Migration20261201180000_bridge_numbers_kept extends Migration {
  override up(): void {
    this.addSql(`update call_log set bridge_number = (snapshot->'context'->>'attempt')::int
      where bridge_number is null and ended_at is null and snapshot->'context'->>'attempt' ~ '^[0-9]{1,9}$'`)
  }

  /** What was written before stays readable as it was. */
  override down(): void {}
}
