import { Migration } from '@mikro-orm/migrations'

/** Links of long ago are found without looking at all of them. */
export class Migration20261201015000_phone_link_expiry extends Migration {
  override up(): void {
    this.addSql('create index phone_link_expires on phone_link (expires_at)')
  }

  override down(): void {
    this.addSql('drop index phone_link_expires')
  }
}
