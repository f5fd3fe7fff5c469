import { Migration } from '@mikro-orm/migrations'

/** Which INVITE is out for a leg, so that others can withdraw it when the process that sent it is gone. */
export class Migration20261201190000_leg_invites extends Migration {
  override up(): void {
    this.addSql(`alter table sip_leg
      add column invite_transaction_id varchar(255) null, add column invite_dialog_id varchar(255) null`)
  }

  override down(): void {
    this.addSql('alter table sip_leg drop column invite_transaction_id, drop column invite_dialog_id')
  }
}
