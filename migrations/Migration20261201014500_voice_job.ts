import { Migration } from '@mikro-orm/migrations'

/** Jobs by which voices are ended later, on their way to the queue: transactions about voices need not wait for its notification. */
export class Migration20261201014500_voice_job extends Migration {
  override up(): void {
    this.addSql(`create table voice_job (
      id bigserial primary key,
      task varchar(255) not null,
      payload json not null,
      key varchar(255) not null,
      queue varchar(255) null,
      attempts int not null,
      run_at timestamptz not null
    )`)
  }

  override down(): void {
    this.addSql('drop table voice_job')
  }
}
