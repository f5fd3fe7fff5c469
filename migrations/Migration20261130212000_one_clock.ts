import { Migration } from '@mikro-orm/migrations'

/**
 * A timer that cannot be fired is set back, longer each time, so that it keeps no other waiting. The audit log is read in the
 * order of the database's clock, which its ids, made by the nodes, need not follow.
 */
export class Migration20261130212000_one_clock extends Migration {
  override up(): void {
    this.addSql('alter table call_timer add column failures int not null default 0')
    this.addSql('create index audit_entry_at on audit_entry (at, id)')
  }

  override down(): void {
    this.addSql('drop index audit_entry_at')
    this.addSql('alter table call_timer drop column failures')
  }
}
