import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/config.ts'
import { describeDatabaseUrl, readDatabaseUrl } from '../../src/config/database-url.ts'

const described = (url: string) => describeDatabaseUrl(url)

describe('DATABASE_URL', () => {
  test.each([
    ['postgres://ann:pw@db.example.com/calls', 'ann@db.example.com:5432/calls, sslmode=prefer'],
    ['postgresql://ann@localhost:5433/calls', 'ann@localhost:5433/calls, sslmode=disable'],
    ['postgres://ann:p%40w@[2001:db8::1]:6/calls', 'ann@[2001:db8::1]:6/calls, sslmode=prefer'],
    ['postgres://ann@/calls?host=/run/pg', 'ann@/run/pg/.s.PGSQL.5432, database calls'],
    ['postgres://ann@%2Frun%2Fpg/calls', 'ann@/run/pg/.s.PGSQL.5432, database calls'],
    ['postgres://db?dbname=calls&user=ann&sslmode=require', 'ann@db:5432/calls, sslmode=require'],
    [
      'postgres://ann@db/calls?options=-c%20search_path%3Dx&application_name=y&sslmode=no-verify',
      'ann@db:5432/calls, sslmode=no-verify, options=-c search_path=x, application_name=y',
    ],
    [
      'postgres://ann@db/calls?sslrootcert=system',
      'ann@db:5432/calls, sslmode=verify-full, sslrootcert=system',
    ],
  ])('%s is %s', (url, words) => {
    expect(described(url)).toBe(words)
  })

  test('hands on what pg has other names for', () => {
    const { client } = readDatabaseUrl(
      'postgres://a@db/c?connect_timeout=7&keepalives_idle=30&channel_binding=require&statement_timeout=9',
    )
    expect(client).toMatchObject({
      connectionTimeoutMillis: 7_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: 30_000,
      enableChannelBinding: true,
      statement_timeout: '9',
    })
  })

  test.each([
    ['mysql://a:s3cr3t@db/c', 'begins with postgres://'],
    ['postgres://a:s3cr3t@db/c?sslmode=requir', 'sslmode is one of disable, allow'],
    ['postgres://a:s3cr3t@db/c?sslmode=verify-ca', 'needs sslrootcert'],
    [
      'postgres://a:s3cr3t@db/c?sslrootcert=/nowhere/ca.pem',
      '/nowhere/ca.pem, which cannot be read (ENOENT)',
    ],
    ['postgres://a:s3cr3t@db/c?pgbouncer=true', 'the parameter pgbouncer'],
    ['postgres://a:s3cr3t@db1,db2/c', 'one host'],
    ['postgres://a:s3cr3t@db/c?target_session_attrs=standby', 'read-write'],
    ['postgres://a:s3cr3t@db/c?client_encoding=LATIN1', 'UTF8'],
    ['postgres://a:s3cr3t@db:port/c', 'cannot be made out'],
    ['postgres://a:s3cr3t@db%ff/c', 'a % itself is written %25'],
  ])('%s is refused at the start', (url, why) => {
    expect(() => loadConfig({ DATABASE_URL: url })).toThrow(why)
    expect(() => loadConfig({ DATABASE_URL: url })).toThrow(
      /^DATABASE_URL: found \(hidden\) \(.*\), allowed: /,
    )
    expect(() => loadConfig({ DATABASE_URL: url })).not.toThrow(/s3cr3t/)
  })
})
