import { Migration } from '@mikro-orm/migrations'

/** SIP trunks that operators set up at run time, beside those of the settings. */
export class Migration20261201004000_trunks extends Migration {
  override up(): void {
    this.addSql(`create table trunk (
      id uuid primary key,
      name varchar(255) not null,
      enabled boolean not null,
      server varchar(255) null,
      transport varchar(255) not null,
      addresses jsonb not null,
      country varchar(255) null,
      numbers jsonb not null,
      did_from varchar(255) not null,
      codecs jsonb not null,
      srtp varchar(255) not null,
      max_calls int null,
      max_calls_per_second double precision null,
      registration jsonb null,
      options_seconds int null,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    )`)
  }

  override down(): void {
    this.addSql('drop table trunk')
  }
}
