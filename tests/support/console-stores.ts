import { randomUUID } from 'node:crypto'
import { v7 as uuidv7 } from 'uuid'
import type { AgentStore, StoredAgent } from '../../src/persistence/agent-store.ts'
import type { AuditLog, AuditRecord } from '../../src/persistence/audit-log.ts'

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
