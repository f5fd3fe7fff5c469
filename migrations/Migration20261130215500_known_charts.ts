import { Migration } from '@mikro-orm/migrations'

/** Each node says which charts it knows. Nodes that do not say so are of the release before, which knows chart 1 alone. */
export class Migration20261130215500_known_charts extends Migration {
  override up(): void {
    this.addSql(`alter table service_node add column charts text[] not null default '{1}'`)
  }

  override down(): void {
    this.addSql('alter table service_node drop column charts')
  }
}
