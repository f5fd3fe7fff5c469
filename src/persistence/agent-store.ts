import { v7 as uuidv7 } from 'uuid'
import type { AgentSettings } from '../calls/agent-settings.ts'
import type { Database } from './database.ts'
import { Agent, AgentNumber } from './entities/agent.entity.ts'
import { AgentAudio } from './entities/agent-audio.entity.ts'
import { sqlIn } from './sql.ts'

/** An agent as operators write it. `numbers` are those it answers; a number belongs to one agent. */
export type StoredAgent = AgentSettings & {
  tools: object[]
  transferNumber: string | null
  numbers: string[]
  createdAt: Date
  updatedAt: Date
}

export type AgentDraft = Omit<StoredAgent, 'id' | 'createdAt' | 'updatedAt'>

/** Another agent answers one of these numbers already. */
export class NumberTakenError extends Error {
  constructor() {
    super('Another agent answers one of these numbers already.')
    this.name = 'NumberTakenError'
  }
}

export type AgentStore = {
  list(): Promise<StoredAgent[]>
  get(id: string): Promise<StoredAgent | null>
  /** Rejects with NumberTakenError. */
  create(draft: AgentDraft): Promise<StoredAgent>
  /** Null when there is no such agent. Rejects with NumberTakenError. */
  update(id: string, change: Partial<AgentDraft>): Promise<StoredAgent | null>
  /** False when there is no such agent. */
  remove(id: string): Promise<boolean>
}

type Transaction = ReturnType<Database['em']['fork']>

export function createAgentStore(database: Database): AgentStore {
  const em = () => database.em.fork()

  async function read(tx: Transaction, where: { id?: string }): Promise<StoredAgent[]> {
    const agents = await tx.find(Agent, where, { orderBy: { createdAt: 'asc' } })
    const numbers = await tx.find(AgentNumber, { agent: agents.map((agent) => agent.id) })
    return agents.map((agent) => {
      const own = numbers.filter((number) => number.agent.id === agent.id).map((number) => number.number)
      return storedAgent(agent, own.sort())
    })
  }

  const get = async (id: string) => (await read(em(), { id }))[0] ?? null

  return {
    get,
    list: () => read(em(), {}),

    async create({ numbers, ...draft }) {
      const id = uuidv7()
      await em().transactional(async (tx) => {
        await tx.insert(Agent, { id, ...draft, createdAt: new Date(), updatedAt: new Date() })
        await takeNumbers(tx, id, numbers)
      })
      const created = await get(id)
      if (!created) throw new Error('An agent that was just created is gone again.')
      return created
    },

    async update(id, { numbers, ...change }) {
      await em().transactional(async (tx) => {
        await tx.nativeUpdate(Agent, { id }, { ...change, updatedAt: new Date() })
        if (!numbers || !(await tx.count(Agent, { id }))) return
        await tx.nativeDelete(AgentNumber, { agent: id })
        await takeNumbers(tx, id, numbers)
      })
      return get(id)
    },

    async remove(id) {
      await em().nativeDelete(AgentAudio, { agentId: id })
      return (await em().nativeDelete(Agent, { id })) === 1
    },
  }
}

/** Rejects with NumberTakenError, and what is done in the transaction is undone. */
async function takeNumbers(tx: Transaction, agent: string, numbers: string[]): Promise<void> {
  const taken = await sqlIn(tx)(
    `insert into agent_number (number, agent_id) select jsonb_array_elements_text(?::jsonb), ?
     on conflict (number) do nothing returning number`,
    [JSON.stringify(numbers), agent],
  )
  if (taken.length < numbers.length) throw new NumberTakenError()
}

function storedAgent(agent: Agent, numbers: string[]): StoredAgent {
  const { id, name, backend, tools, createdAt, updatedAt } = agent
  return {
    id,
    name,
    backend,
    tools,
    numbers,
    createdAt,
    updatedAt,
    vendorAgentId: agent.vendorAgentId ?? null,
    model: agent.model ?? null,
    voiceId: agent.voiceId ?? null,
    instructions: agent.instructions ?? null,
    firstMessage: agent.firstMessage ?? null,
    language: agent.language ?? null,
    turnDetection: agent.turnDetection ?? null,
    transferNumber: agent.transferNumber ?? null,
  }
}
