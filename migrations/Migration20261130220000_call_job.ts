import { Migration } from '@mikro-orm/migrations'

/** Jobs that a step asked for, on their way to the queue: the step itself need not wait for the queue's notification. */
export class Migration20261130220000_call_job extends Migration {
  override up(): void {
    this.addSql(`create table call_job (
      id bigserial primary key,
      task varchar(255) not null,
      payload json not null,
      key varchar(255) not null,
      queue varchar(255) null,
      attempts int not null
    )`)
  }

  override down(): void {
    this.addSql('drop table call_job')
  }
}
