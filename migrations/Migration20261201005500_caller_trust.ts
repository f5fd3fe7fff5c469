import { Migration } from '@mikro-orm/migrations'

/** Who must vouch for a caller's number before they hear the voice that is on file for it, and who did. */
export class Migration20261201005500_caller_trust extends Migration {
  override up(): void {
    this.addSql('alter table caller_voice_mapping add column trust varchar(255) null')
    this.addSql(`alter table call_log
      add column caller_verification varchar(255) null, add column voice_withheld varchar(255) null`)
  }

  override down(): void {
    this.addSql('alter table call_log drop column caller_verification, drop column voice_withheld')
    this.addSql('alter table caller_voice_mapping drop column trust')
  }
}
