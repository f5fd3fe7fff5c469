import { Migration } from '@mikro-orm/migrations'

/** Whom somebody wanted to have a call, and what became of it; calls of the release before have no transfers. */
export class Migration20261201193000_transfers extends Migration {
  override up(): void {
    this.addSql(`alter table call_log
      add column transfer_to varchar(255) null, add column transfer_outcome varchar(255) null`)
  }

  override down(): void {
    this.addSql('alter table call_log drop column transfer_to, drop column transfer_outcome')
  }
}
