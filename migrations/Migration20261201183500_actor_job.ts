import { Migration } from '@mikro-orm/migrations'

/** The jobs of the steps of all kinds of actors, not of calls alone. Nodes of the release before know it by its old name. */
export class Migration20261201183500_actor_job extends Migration {
  override up(): void {
    this.rename('call_job', 'actor_job')
    this.addSql('create view call_job as select id, task, payload, key, queue, attempts from actor_job')
  }

  private rename(from: string, to: string): void {
    this.addSql(`alter table ${from} rename to ${to}`)
    this.addSql(`alter sequence ${from}_id_seq rename to ${to}_id_seq`)
    this.addSql(`alter index ${from}_pkey rename to ${to}_pkey`)
  }

  override down(): void {
    this.addSql('drop view call_job')
    this.rename('actor_job', 'call_job')
  }
}
