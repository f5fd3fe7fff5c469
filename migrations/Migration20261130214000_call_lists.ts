import { Migration } from '@mikro-orm/migrations'

/*
 * Lists of calls are read newest first, page after page: each index has what is filtered by, and then that order. There is none
 * by state, which changes with each step and would have each rewrite all indexes: calls that are over are told by their end,
 * and those that are not are few. On a table of a million calls they are built beforehand, without holding up calls: see
 * docs/DEPLOYMENT.md, Draining and updates.
 */
const COLUMNS = ['from_number', 'to_number', 'provider', 'outcome']

export class Migration20261130214000_call_lists extends Migration {
  override up(): void {
    for (const column of COLUMNS)
      this.addSql(`create index if not exists call_log_${column} on call_log (${column}, started_at, id)`)
    this.addSql(
      'create index if not exists call_log_active on call_log (started_at, id) where ended_at is null',
    )
    this.addSql('create index if not exists call_log_provider_call_id on call_log (provider_call_id)')
  }

  override down(): void {
    for (const name of [...COLUMNS, 'active', 'provider_call_id']) this.addSql(`drop index call_log_${name}`)
  }
}
