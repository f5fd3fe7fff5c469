import { Migration } from '@mikro-orm/migrations'

/** Who holds which SIP leg, so that others can end what a process that is gone has left; and what each process is for. */
export class Migration20261121070000_sip_legs extends Migration {
  override up(): void {
    this.addSql(`create table sip_leg (
      call_id uuid primary key references call_log (id) on delete cascade,
      node_id uuid not null,
      media_server varchar(255) not null,
      channel varchar(255) not null,
      dialog_id varchar(255) null
    )`)
    this.addSql('create index sip_leg_node on sip_leg (node_id)')
    this.addSql(
      `alter table service_node add column roles text[] not null default '{}', add column relay_url text null`,
    )
  }

  override down(): void {
    this.addSql('alter table service_node drop column roles, drop column relay_url')
    this.addSql('drop table sip_leg')
  }
}
