import { Migration } from '@mikro-orm/migrations'

/** What an agent is set up with where its vendor has no agents of its own. */
export class Migration20261201190000_agent_model extends Migration {
  override up(): void {
    this.addSql('alter table agent add column model varchar(255) null, add column turn_detection jsonb null')
  }

  override down(): void {
    this.addSql('alter table agent drop column model, drop column turn_detection')
  }
}
