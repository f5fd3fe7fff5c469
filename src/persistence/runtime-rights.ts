import pg from 'pg'

/** The schema of the job queue. */
const QUEUE = 'graphile_worker'
/** What only a migration writes. */
const LEDGERS = (schema: string) => [`${schema}.mikro_orm_migrations`, `${QUEUE}.migrations`]

/** Lets a role read and write what the service keeps, and change nothing about the tables; after each migration anew. */
export async function grantRuntimeRights(owner: pg.Client, role: string): Promise<void> {
  const { rows } = await owner.query<{ schema: string; database: string }>(
    'select current_schema() as schema, current_database() as database',
  )
  const [schema = '', database = '', grantee = ''] = [rows[0]?.schema, rows[0]?.database, role].map((name) =>
    pg.escapeIdentifier(name ?? ''),
  )
  const both = `${schema}, ${QUEUE}`
  for (const statement of [
    `grant connect, temporary on database ${database} to ${grantee}`,
    `grant usage on schema ${both} to ${grantee}`,
    `grant select, insert, update, delete on all tables in schema ${both} to ${grantee}`,
    `revoke insert, update, delete on ${LEDGERS(schema)} from ${grantee}`,
    `grant usage, select on all sequences in schema ${both} to ${grantee}`,
    `grant execute on all functions in schema ${both} to ${grantee}`,
  ])
    await owner.query(statement)
  await openRows(owner, role)
}

const POLICY = 'precall_runtime'

/** The queue's tables show their rows to their owner alone (row-level security), unless a policy says otherwise. */
async function openRows(owner: pg.Client, role: string): Promise<void> {
  const { rows } = await owner.query<{ name: string; roles: string[] | null }>(
    `select c.oid::regclass::text as name,
       (select array_agg(r.rolname::text) from pg_policy p join pg_roles r on r.oid = any(p.polroles)
        where p.polrelid = c.oid and p.polname = $2) as roles
     from pg_class c where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relrowsecurity`,
    [QUEUE, POLICY],
  )
  for (const { name, roles } of rows) {
    if (roles?.includes(role)) continue
    const all = [...(roles ?? []), role].map((each) => pg.escapeIdentifier(each)).join(', ')
    await owner.query(`drop policy if exists ${POLICY} on ${name}`)
    await owner.query(`create policy ${POLICY} on ${name} to ${all} using (true) with check (true)`)
  }
}
