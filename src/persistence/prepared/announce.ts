import type { Statement } from './actor-statements.ts'

/**
 * A notification makes its transaction wait in one line with those of all databases of the server until the commit is on
 * disk. This transaction has nothing to keep, and does not wait for the disk. Parameters: the messages, and their channel.
 */
export const ANNOUNCE: Statement = {
  name: 'announce',
  text: `select pg_notify($2, message), set_config('synchronous_commit', 'off', true)
         from unnest($1::text[]) as message`,
}
