import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { AgentStore, StoredAgent } from '../../src/persistence/agent-store.ts'
import type { AuditLog, AuditRecord } from '../../src/persistence/audit-log.ts'
import type { PhoneLinkStore, StoredPhoneLink } from '../../src/persistence/phone-link-store.ts'
import { type TrunkStanding, UNKNOWN_STANDING } from '../../src/persistence/trunk-standing.ts'
import type { StoredTrunk, TrunkDraft, TrunkStore } from '../../src/persistence/trunk-store.ts'

/* What the console's pages read and write beside calls, kept in memory. */

export function agentsInMemory(): AgentStore {
  const agents = new Map<string, StoredAgent>()
  const save = (agent: StoredAgent) => {
    agents.set(agent.id, agent)
    return agent
  }
  return {
    list: async () => [...agents.values()],
    get: async (id) => agents.get(id) ?? null,
    create: async (draft) =>
      save({ ...draft, id: randomUUID(), createdAt: new Date(), updatedAt: new Date() } as StoredAgent),
    update: async (id, change) => {
      const agent = agents.get(id)
      return agent ? save({ ...agent, ...change }) : null
    },
    remove: async (id) => agents.delete(id),
  }
}

/** How each is doing is what a test says. */
export class TrunksInMemory implements TrunkStore {
  readonly kept = new Map<string, StoredTrunk>()
  count = async () => ({ all: this.kept.size, inTrouble: 0 })
  list = async () => [...this.kept.values()]
  get = async (id: string) => this.kept.get(id) ?? null
  remove = async (id: string) => this.kept.delete(id)

  async create(draft: TrunkDraft): Promise<StoredTrunk> {
    const at = new Date()
    return this.#keep({
      ...draft,
      id: randomUUID(),
      agents: [],
      standing: UNKNOWN_STANDING,
      createdAt: at,
      updatedAt: at,
    })
  }

  async update(id: string, change: Partial<TrunkDraft>): Promise<StoredTrunk | null> {
    const trunk = this.kept.get(id)
    return trunk ? this.#keep({ ...trunk, ...change }) : null
  }

  stand(id: string, standing: Partial<TrunkStanding>): void {
    const trunk = this.kept.get(id)
    if (trunk) this.#keep({ ...trunk, standing: { ...UNKNOWN_STANDING, ...standing } })
  }

  #keep(trunk: StoredTrunk): StoredTrunk {
    this.kept.set(trunk.id, trunk)
    return trunk
  }
}

export function auditInMemory(): AuditLog {
  const entries: AuditRecord[] = []
  return {
    begin: async (entry) => {
      const id = uuidv7()
      entries.unshift({ id, at: new Date(), status: null, ...entry })
      return id
    },
    end: async (id, status) => {
      const entry = entries.find((kept) => kept.id === id)
      if (entry) entry.status = status
    },
    list: async ({ limit, before }) => entries.filter(({ id }) => !before || id < before).slice(0, limit),
  }
}

/** Links as pages see them; `change` does what time and callers do. */
export class PhoneLinksInMemory
  implements Pick<PhoneLinkStore, 'create' | 'list' | 'remove' | 'find' | 'exchange'>
{
  readonly #links = new Map<string, StoredPhoneLink>()

  async create({ expiresInSeconds, ...draft }: Parameters<PhoneLinkStore['create']>[0]) {
    const token = randomUUID()
    const expiresAt = new Date(Date.now() + expiresInSeconds * 1000)
    const link: StoredPhoneLink = {
      ...draft,
      id: uuidv7(),
      agentName: null,
      createdAt: new Date(),
      expiresAt,
      usedAt: null,
      callId: null,
      status: 'waiting',
    }
    this.#links.set(token, link)
    return { link, token }
  }

  change(token: string, change: Partial<StoredPhoneLink>): void {
    const link = this.#links.get(token)
    if (link) this.#links.set(token, { ...link, ...change })
  }

  list = async () => [...this.#links.values()].toReversed()

  async remove(id: string) {
    const [token] = [...this.#links].find(([, link]) => link.id === id) ?? []
    return token !== undefined && this.#links.delete(token)
  }

  find = async (token: string) => this.#links.get(token) ?? null

  async exchange(token: string) {
    const link = this.#links.get(token)
    if (link?.status !== 'waiting') return null
    return { user: 'link-1', password: 'secret', to: link.to, expiresAt: new Date(Date.now() + 60_000) }
  }
}
