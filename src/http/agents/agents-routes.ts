import { z } from 'zod'
import {
  BACKEND_TRAITS,
  type BackendFault,
  type BackendFields,
  backendFaults,
} from '../../calls/agent-backends.ts'
import { AGENT_BACKENDS } from '../../calls/agent-settings.ts'
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

const TurnDetection = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('server_vad').describe('By a silence.'),
      threshold: z.number().min(0).max(1).optional().describe('How loud speech is; more for a noisy line.'),
      prefixPaddingMs: z.int().min(0).max(5_000).optional().describe('How much before it is heard, too.'),
      silenceDurationMs: z.int().min(0).max(10_000).optional().describe('How long the silence is.'),
    }),
    z.strictObject({
      type: z.literal('semantic_vad').describe('By what was said.'),
      eagerness: z.enum(['low', 'medium', 'high', 'auto']).optional().describe('How soon it answers.'),
    }),
  ])
  .meta({ id: 'TurnDetection' })

const fields = {
  name: text().describe('What people call it.'),
  backend: z.enum(AGENT_BACKENDS).describe('Which vendor speaks.'),
  vendorAgentId: text()
    .nullable()
    .describe("The vendor's id of the agent; null means the one in the settings. Only with `elevenlabs`."),
  model: text()
    .nullable()
    .describe(
      'The model that speaks; null means the one in the settings. Only with `openai` and `openai-live`.',
    ),
  voiceId: text()
    .nullable()
    .describe(
      "The voice for callers without one of their own; null means the agent's. With `openai` and `openai-live`, one of the names in `/agent-backends` or the id of a voice of your account there: all callers hear it, for only ElevenLabs speaks cloned voices.",
    ),
  instructions: text(MAX_PROMPT).nullable().describe("The prompt; null means the agent's own."),
  firstMessage: text(MAX_PROMPT).nullable().describe('What it says first.'),
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a tag like en or pt-BR')
    .nullable()
    .describe("What it speaks, such as `en` or `pt-BR`; null means the agent's own."),
  turnDetection: TurnDetection.nullable().describe(
    'How it tells that the caller has stopped speaking; null means as it does by itself. Only with `openai`.',
  ),
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
    model: fields.model.default(null),
    voiceId: fields.voiceId.default(null),
    instructions: fields.instructions.default(null),
    firstMessage: fields.firstMessage.default(null),
    language: fields.language.default(null),
    turnDetection: fields.turnDetection.default(null),
    tools: fields.tools.default([]),
    transferNumber: fields.transferNumber.default(null),
    numbers: fields.numbers.default([]),
  })
  .meta({ id: 'AgentDraft' })

const AgentChange = z
  .strictObject(fields)
  .partial()
  .meta({ id: 'AgentChange', description: 'What is left out stays as it is.' })

const Agent = z
  .object({
    id: z.uuid(),
    ...fields,
    createdAt: z.date(),
    updatedAt: z.date(),
    warnings: z.array(z.string()).describe('Why calls to this agent will not go as one may expect.'),
  })
  .meta({ id: 'Agent', description: 'How a voice agent is set up, and which numbers it answers.' })

const AgentList = z.object({ agents: z.array(Agent) })

const AgentBackend = z
  .object({
    backend: fields.backend,
    label: z.string().describe('What people call the vendor.'),
    hasVendorAgents: z
      .boolean()
      .describe(
        'Its agents are set up at the vendor; where they are not, `model` and `turnDetection` are set here.',
      ),
    voices: z
      .array(z.string())
      .nullable()
      .describe("The names of its voices; null where voices are ids of the vendor's account."),
    speaksClones: z.boolean().describe('It can speak in the voice that was cloned for a caller.'),
    turnDetection: z.array(z.enum(['server_vad', 'semantic_vad'])).describe('Those that can be set.'),
  })
  .meta({ id: 'AgentBackend', description: 'What an agent of a backend can be set up with.' })

const AgentBackendList = z.object({ backends: z.array(AgentBackend) })

export type Agent = AsJson<z.output<typeof Agent>>
export type AgentList = AsJson<z.output<typeof AgentList>>
export type AgentBackendList = AsJson<z.output<typeof AgentBackendList>>

const params = z.object({ id: z.uuid() })
const TAKEN = 'Another agent answers one of the numbers.'

const unknownAgent = () => new HttpProblem(404, 'There is no such agent.')

export type AgentsOptions = {
  agents: AgentStore
  numbers?: PhoneNumbers
  /** Why calls to such an agent will not go as one may expect, one sentence each. */
  warningsOf?: (agent: StoredAgent) => string[]
}

/** Reads and writes how voice agents are set up. */
export function agentsRoutes({
  agents,
  numbers = new PhoneNumbers(null),
  warningsOf = () => [],
}: AgentsOptions): AnyRoute[] {
  const respelt = <Draft extends Addresses>(draft: Draft) => withAddresses(draft, numbers)
  const shown = (agent: StoredAgent) => ({ ...agent, warnings: warningsOf(agent) })
  return [
    route({
      method: 'get',
      path: '/agent-backends',
      summary: 'The vendors of voice agents, and what an agent of each can be set up with',
      answer: { status: 200, description: 'The backends.', body: AgentBackendList },
      handler: async () => ({ backends: BACKENDS }),
    }),
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
        rejectFaults(body, backendFaults(body))
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
        const before = DEPENDENT.some((field) => field in body) ? await agents.get(id) : null
        if (before) rejectFaults(body, backendFaults({ ...before, ...body }))
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

const BACKENDS = AGENT_BACKENDS.map((backend) => {
  const { voices, turnDetection, ...traits } = BACKEND_TRAITS[backend]
  return { backend, ...traits, voices: voices && [...voices], turnDetection: [...turnDetection] }
})

/** What an agent's backend says about each other; a change of any of them has all of them looked at. */
const DEPENDENT: (keyof BackendFields)[] = ['backend', 'vendorAgentId', 'model', 'voiceId', 'turnDetection']

/** What is said of a field that was not sent is about what it is now, which a change of the backend does not change. */
function rejectFaults(body: Partial<BackendFields>, faults: BackendFault[]): void {
  if (faults.length === 0) return
  const errors = faults.map(({ field, detail }) => ({
    pointer: `#/${field}`,
    detail: field in body ? detail : `${detail}; it is set from before, and is to be sent along`,
  }))
  throw new HttpProblem(422, 'The backend of this agent cannot do all of this.', { errors })
}

function rejectTaken(error: unknown): never {
  if (error instanceof NumberTakenError) throw new HttpProblem(409, error.message, { cause: error })
  throw error
}
