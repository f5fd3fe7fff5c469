import { z } from 'zod'
import { AGENT_BACKENDS, type AgentBackend } from '../../calls/agent-settings.ts'
import { PhoneNumbers } from '../../numbers/phone-numbers.ts'
import { type AgentStore, NumberTakenError, type StoredAgent } from '../../persistence/agent-store.ts'
import { HttpProblem } from '../../problem/problem.ts'
import { addressOf, numberOf } from '../addresses.ts'
import type { AsJson } from '../as-json.ts'
import { dialledAddress, json, phoneNumber, text } from '../fields.ts'
import { type AnyRoute, route } from '../route.ts'

const MAX_PROMPT = 20_000
const MAX_TOOLS = 50
const MAX_NUMBERS = 1_000

const fields = {
  name: text().describe('What people call it.'),
  backend: z.enum(AGENT_BACKENDS).describe('Which vendor speaks.'),
  vendorAgentId: text()
    .nullable()
    .describe("The vendor's id of the agent; null means the one in the settings."),
  voiceId: text()
    .nullable()
    .describe("The voice for callers without one of their own; null means the agent's."),
  instructions: text(MAX_PROMPT).nullable().describe("The prompt; null means the agent's own."),
  firstMessage: text(MAX_PROMPT).nullable().describe('What it says first.'),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a tag like en or pt-BR')
    .nullable()
    .describe("What it speaks, such as `en` or `pt-BR`; null means the agent's own."),
  tools: z.array(json()).max(MAX_TOOLS).describe('Tools of the agent, as its vendor declares them.'),
  transferNumber: phoneNumber().nullable().describe('Where a caller is handed to who wants a human.'),
  numbers: z
    .array(dialledAddress())
    .max(MAX_NUMBERS)
    .refine((numbers) => new Set(numbers).size === numbers.length, 'must not name a number twice')
    .describe('The dialled numbers that it answers; each belongs to one agent.'),
}

const AgentDraft = z
  .strictObject({
    name: fields.name,
    backend: fields.backend.default('elevenlabs'),
    vendorAgentId: fields.vendorAgentId.default(null),
    voiceId: fields.voiceId.default(null),
    instructions: fields.instructions.default(null),
    firstMessage: fields.firstMessage.default(null),
    language: fields.language.default(null),
    tools: fields.tools.default([]),
    transferNumber: fields.transferNumber.default(null),
    numbers: fields.numbers.default([]),
  })
  .meta({ id: 'AgentDraft' })

const AgentChange = z
  .strictObject(fields)
  .partial()
  .meta({ id: 'AgentChange', description: 'What is left out stays as it is.' })

/** What a person should know who sets such an agent up; null where there is nothing. */
const BACKEND_WARNINGS: Record<AgentBackend, string | null> = {
  elevenlabs: null,
  openai:
    'OpenAI Realtime is not built yet: the settings are kept, but calls to this agent only hear an apology.',
}

const Agent = z
  .object({
    ...{ id: z.uuid(), ...fields, createdAt: z.date(), updatedAt: z.date() },
    warnings: z.array(z.string()).describe('Why calls to this agent will not go as one may expect.'),
  })
  .meta({ id: 'Agent', description: 'How a voice agent is set up, and which numbers it answers.' })

const AgentList = z.object({ agents: z.array(Agent) })

export type Agent = AsJson<z.output<typeof Agent>>
export type AgentList = AsJson<z.output<typeof AgentList>>

const params = z.object({ id: z.uuid() })
const TAKEN = 'Another agent answers one of the numbers.'

const unknownAgent = () => new HttpProblem(404, 'There is no such agent.')

/** Reads and writes how voice agents are set up. */
export function agentsRoutes(agents: AgentStore, numbers = new PhoneNumbers(null)): AnyRoute[] {
  const respelt = <Draft extends Addresses>(draft: Draft) => withAddresses(draft, numbers)
  return [
    route({
      method: 'get',
      path: '/agents',
      summary: 'All voice agents, the oldest first',
      answer: { status: 200, description: 'The agents.', body: AgentList },
      handler: async () => ({ agents: (await agents.list()).map(shown) }),
    }),
    route({
      method: 'post',
      path: '/agents',
      summary: 'Sets up a voice agent',
      body: AgentDraft,
      answer: { status: 201, description: 'The new agent.', body: Agent },
      problems: { 409: TAKEN },
      handler: async ({ body, req, res }) => {
        const agent = await agents.create(respelt(body)).catch(rejectTaken)
        res.location(`${req.baseUrl}/agents/${agent.id}`)
        return shown(agent)
      },
    }),
    route({
      method: 'get',
      path: '/agents/{id}',
      summary: 'One voice agent',
      params,
      answer: { status: 200, description: 'The agent.', body: Agent },
      problems: { 404: 'There is no such agent.' },
      handler: async ({ params: { id } }) => {
        const agent = await agents.get(id)
        if (!agent) throw unknownAgent()
        return shown(agent)
      },
    }),
    route({
      method: 'patch',
      path: '/agents/{id}',
      summary: 'Changes a voice agent',
      params,
      body: AgentChange,
      answer: { status: 200, description: 'The agent as it is now.', body: Agent },
      problems: { 404: 'There is no such agent.', 409: TAKEN },
      handler: async ({ params: { id }, body }) => {
        const agent = await agents.update(id, respelt(body)).catch(rejectTaken)
        if (!agent) throw unknownAgent()
        return shown(agent)
      },
    }),
    route({
      method: 'delete',
      path: '/agents/{id}',
      summary: 'Removes a voice agent; its numbers are answered by the default one',
      params,
      answer: { status: 204, description: 'It is gone.' },
      problems: { 404: 'There is no such agent.' },
      handler: async ({ params: { id } }) => {
        if (!(await agents.remove(id))) throw unknownAgent()
      },
    }),
  ]
}

type Addresses = { numbers?: string[]; transferNumber?: string | null }

/** What calls are looked up by. The same number in two spellings is one. */
function withAddresses<Draft extends Addresses>(draft: Draft, reader: PhoneNumbers): Draft {
  const { numbers, transferNumber } = draft
  const read = numbers?.map((number, index) => addressOf(number, reader, `#/numbers/${index}`))
  return {
    ...draft,
    ...(read && { numbers: [...new Set(read)] }),
    ...(transferNumber && { transferNumber: numberOf(transferNumber, reader, '#/transferNumber') }),
  }
}

function shown(agent: StoredAgent): z.input<typeof Agent> {
  const warning = BACKEND_WARNINGS[agent.backend]
  return { ...agent, warnings: warning === null ? [] : [warning] }
}

function rejectTaken(error: unknown): never {
  if (error instanceof NumberTakenError) throw new HttpProblem(409, error.message, { cause: error })
  throw error
}
