import { Migration } from '@mikro-orm/migrations'

/** Who changed what, when, and from where. */
export class Migration20261121072000_audit extends Migration {
  override up(): void {
    this.addSql(`create table audit_entry (
      id uuid primary key,
      at timestamptz not null,
      actor varchar(255) not null,
      session varchar(255) null,
      address varchar(255) not null,
      action text not null,
      method varchar(255) not null,
      path text not null,
      fields jsonb not null,
      status int null
    )`)
  }

  override down(): void {
    this.addSql('drop table audit_entry')
  }
}
