import { Migration } from '@mikro-orm/migrations'

/** Console sessions that were signed out: no node takes their cookies any more. */
export class Migration20261130220500_ended_sessions extends Migration {
  override up(): void {
    this.addSql(`create table ended_session (
      id varchar(255) primary key,
      expires_at timestamptz not null
    )`)
  }

  override down(): void {
    this.addSql('drop table ended_session')
  }
}
