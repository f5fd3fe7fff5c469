import { Migration } from '@mikro-orm/migrations'

/**
 * Whether fewer calls than so many live, without those that were turned away. Whoever asks is alone with it until their transaction is over, so that two calls
 * never take the last line: a statement does not see what was committed while it waited, but one within a volatile
 * function does (PostgreSQL, section 36.7).
 */
export class Migration20261121105000_lines_free extends Migration {
  override up(): void {
    this.addSql(`create function lines_free(lines int) returns boolean language plpgsql volatile as $$
      begin
        perform pg_advisory_xact_lock(4011987);
        return (select count(*) < lines from call_log where ended_at is null and state <> 'rejected');
      end $$`)
  }

  override down(): void {
    this.addSql('drop function lines_free(int)')
  }
}
