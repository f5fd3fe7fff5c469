import { Migration } from '@mikro-orm/migrations'

/** How agents were last found to hear and to speak, for carriers that must know it before they connect to one. */
export class Migration20261121093000_agent_audio extends Migration {
  override up(): void {
    this.addSql(`create table agent_audio (
      agent_id varchar(255) primary key,
      hears_rate int not null,
      speaks_rate int not null
    )`)
  }

  override down(): void {
    this.addSql('drop table agent_audio')
  }
}
