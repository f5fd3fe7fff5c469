import { createHash, randomBytes } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { Database } from './database.ts'
import { sqlOf } from './sql.ts'

/** A link as operators see it; its token is told once, when it is made. */
export type StoredPhoneLink = {
  id: string
  /** The number that it calls. */
  to: string
  /** Who answers; null means the agent of the number. */
  agentId: string | null
  agentName: string | null
  /** Whose call it is; null for nobody's. */
  callerNumber: string | null
  callerName: string | null
  createdAt: Date
  expiresAt: Date
  usedAt: Date | null
  /** The call that came of it. */
  callId: string | null
  status: PhoneLinkStatus
}

export type PhoneLinkStatus = 'waiting' | 'used' | 'expired'

type PhoneLinkDraft = Pick<StoredPhoneLink, 'to' | 'agentId' | 'callerNumber' | 'callerName'> & {
  expiresInSeconds: number
}

/** A SIP user who exists for one call. */
type PhoneCredentials = { user: string; password: string; to: string; expiresAt: Date }

/** The same as those who take calls know it. */
type PhoneLinkUser = {
  linkId: string
  password: string
  to: string
  agentId: string | null
  callerNumber: string | null
}

export type PhoneLinkStore = {
  create(draft: PhoneLinkDraft): Promise<{ link: StoredPhoneLink; token: string }>
  /** The newest first. */
  list(limit: number): Promise<StoredPhoneLink[]>
  /** Nobody can call by it any more; false when there is no such link. */
  remove(id: string): Promise<boolean>
  /** Null when no link has this token. */
  find(token: string): Promise<StoredPhoneLink | null>
  /**
   * Changes the token for a SIP user, and ends the one that an earlier exchange made; null when the link is unknown, used or
   * expired.
   */
  exchange(token: string): Promise<PhoneCredentials | null>
  /** Null when there is no such user, or no more. */
  findUser(sipUser: string): Promise<PhoneLinkUser | null>
  /** Uses the link up for this call; false when another call has, on whatever node. */
  claim(linkId: string, providerCallId: string): Promise<boolean>
  /** Nothing came of the call: the link is as good as before. */
  giveBack(linkId: string, providerCallId: string): Promise<void>
  /** Forgets users whose minute is over, and links of long ago. */
  tidy(): Promise<void>
}

/** A browser dials at once; a person who has to allow the microphone has done so before. */
const CREDENTIALS_LIVE = `interval '60 seconds'`
/** How long it can be looked up who was invited, and called. */
const KEPT_AFTER_EXPIRY = `interval '30 days'`

/**
 * Whoever used the link up may have gone before there was a call, or could not give it back: a database that was away, a node
 * that was killed. So long after, without a call, it is as good as before.
 */
const IS_USED = `(l.used_at is not null and (l.used_at > now() - interval '30 seconds' or exists (
  select 1 from call_leg u where u.provider = 'sip' and u.provider_call_id = l.provider_call_id)))`

const TIDY_TASK = 'tidy-phone-links'
/** To be done at `at`, once for each key. */
const tidyAt = (at: string, key: string) =>
  `graphile_worker.add_job('${TIDY_TASK}', run_at => ${at}, job_key => ${key})`

const STORED = `l.id, l.to_number as "to", l.agent_id as "agentId", a.name as "agentName",
  l.caller_number as "callerNumber", l.caller_name as "callerName", l.created_at as "createdAt",
  l.expires_at as "expiresAt", l.used_at as "usedAt", c.id as "callId",
  case when ${IS_USED} then 'used' when l.expires_at <= now() then 'expired' else 'waiting' end as status
  from phone_link l left join agent a on a.id = l.agent_id
  left join call_leg g on g.provider = 'sip' and g.provider_call_id = l.provider_call_id
  left join call_log c on c.id = g.call_id`

/** Links by which somebody calls from a browser. The database's clock alone says when they expire. */
export function createPhoneLinkStore(database: Database): PhoneLinkStore {
  const sql = sqlOf(database)

  async function one(where: string, value: string): Promise<StoredPhoneLink | null> {
    const [row] = await sql<StoredPhoneLink>(`select ${STORED} where ${where}`, [value])
    return row ? withDates(row) : null
  }

  return {
    async create({ to, agentId, callerNumber, callerName, expiresInSeconds }) {
      const id = uuidv7()
      const token = randomBytes(32).toString('base64url')
      await sql(
        `with made as (
           insert into phone_link (id, token_hash, to_number, agent_id, caller_number, caller_name, created_at, expires_at)
           values (?, ?, ?, ?, ?, ?, now(), now() + ? * interval '1 second') returning id, expires_at)
         select ${tidyAt(`expires_at + ${KEPT_AFTER_EXPIRY} + interval '1 second'`, `'phone-link:' || id`)} from made`,
        [id, hashOf(token), to, agentId, callerNumber, callerName, expiresInSeconds],
      )
      const link = await one('l.id = ?', id)
      if (!link) throw new Error('A phone link that was just made is gone again.')
      return { link, token }
    },

    list: async (limit) =>
      (
        await sql<StoredPhoneLink>(`select ${STORED} order by l.created_at desc, l.id desc limit ?`, [limit])
      ).map(withDates),

    remove: async (id) => (await sql('delete from phone_link where id = ? returning id', [id])).length > 0,

    find: (token) => one('l.token_hash = ?', hashOf(token)),

    async exchange(token) {
      const user = `${PHONE_LINK_USER}${randomBytes(12).toString('hex')}`
      const password = randomBytes(24).toString('base64url')
      const [row] = await sql<{ to: string; expiresAt: Date }>(
        `with offered as (
           update phone_link l set sip_user = ?, sip_password = ?, credentials_expire_at = now() + ${CREDENTIALS_LIVE},
             used_at = null, provider_call_id = null
           where token_hash = ? and not ${IS_USED} and expires_at > now()
           returning id, to_number, credentials_expire_at)
         select to_number as "to", credentials_expire_at as "expiresAt",
           ${tidyAt(`credentials_expire_at + interval '1 second'`, `'phone-link-user:' || id`)} is not null as scheduled
         from offered`,
        [user, password, hashOf(token)],
      )
      return row ? { user, password, to: row.to, expiresAt: new Date(row.expiresAt) } : null
    },

    async findUser(sipUser) {
      if (!SIP_USER.test(sipUser)) return null
      const [row] = await sql<PhoneLinkUser>(
        `select id as "linkId", sip_password as password, to_number as "to", agent_id as "agentId",
           caller_number as "callerNumber"
         from phone_link where sip_user = ? and used_at is null and credentials_expire_at > now()`,
        [sipUser],
      )
      return row ?? null
    },

    async claim(linkId, providerCallId) {
      const claimed = await sql(
        `update phone_link set used_at = now(), provider_call_id = ?, sip_user = null, sip_password = null
         where id = ? and used_at is null returning id`,
        [providerCallId, linkId],
      )
      return claimed.length > 0
    },

    async tidy() {
      await sql(
        `update phone_link set sip_user = null, sip_password = null
         where sip_password is not null and credentials_expire_at <= now()`,
      )
      await sql(`delete from phone_link where expires_at < now() - ${KEPT_AFTER_EXPIRY}`)
    },

    async giveBack(linkId, providerCallId) {
      await sql(
        'update phone_link set used_at = null, provider_call_id = null where id = ? and provider_call_id = ?',
        [linkId, providerCallId],
      )
    },
  }
}

/** How these users are called: no other is looked up. */
const PHONE_LINK_USER = 'link-'
const SIP_USER = /^link-[0-9a-f]{24}$/

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex')

const withDates = (row: StoredPhoneLink): StoredPhoneLink => ({
  ...row,
  createdAt: new Date(row.createdAt),
  expiresAt: new Date(row.expiresAt),
  usedAt: row.usedAt && new Date(row.usedAt),
})
