import { Migration } from '@mikro-orm/migrations'

/**
 * Columns that nothing reads and no statement names, of this version or of the one before: their defaults alone filled them. The
 * table that every call is written to comes last, so that it is locked for a moment only.
 */
export class Migration20261201151500_dead_columns extends Migration {
  override up(): void {
    this.addSql('alter table audio_asset drop column created_at')
    this.addSql('alter table voice_sample drop column created_at')
    this.addSql('alter table trunk_call drop column begun_at')
    this.addSql('alter table service_node drop column started_at')
    this.addSql('alter table call_log drop column metadata')
  }

  override down(): void {
    this.addSql('alter table audio_asset add column created_at timestamptz not null default now()')
    this.addSql('alter table voice_sample add column created_at timestamptz not null default now()')
    this.addSql('alter table trunk_call add column begun_at timestamptz not null default clock_timestamp()')
    this.addSql('alter table service_node add column started_at timestamptz not null default now()')
    this.addSql('alter table call_log add column metadata jsonb null')
  }
}
