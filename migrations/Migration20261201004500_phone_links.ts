import { Migration } from '@mikro-orm/migrations'

/** Links by which somebody calls from a browser, once each. */
export class Migration20261201004500_phone_links extends Migration {
  override up(): void {
    this.addSql(`create table phone_link (
      id uuid primary key,
      token_hash varchar(64) not null,
      to_number varchar(255) not null,
      agent_id uuid references agent on delete cascade,
      caller_number varchar(255),
      caller_name varchar(255),
      created_at timestamptz not null,
      expires_at timestamptz not null,
      sip_user varchar(255),
      sip_password varchar(255),
      credentials_expire_at timestamptz,
      used_at timestamptz,
      provider_call_id varchar(255),
      constraint phone_link_token unique (token_hash),
      constraint phone_link_sip_user unique (sip_user)
    )`)
    this.addSql('create index phone_link_created on phone_link (created_at, id)')
  }

  override down(): void {
    this.addSql('drop table phone_link')
  }
}
