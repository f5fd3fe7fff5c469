import { Migration } from '@mikro-orm/migrations'

/** A trunk's name is its own by a constraint, as everything else is that is unique; the index is the same. */
export class Migration20261201150500_trunk_name_constraint extends Migration {
  override up(): void {
    this.addSql('alter table trunk add constraint trunk_name unique using index trunk_name')
  }

  override down(): void {
    this.addSql('alter table trunk drop constraint trunk_name')
    this.addSql('create unique index trunk_name on trunk (name)')
  }
}
