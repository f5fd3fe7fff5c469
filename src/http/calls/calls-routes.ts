import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import {
  type CallEvent,
  LEG_ROLES,
  TRANSFER_OUTCOMES,
  VOICE_WITHHELD,
} from '../../../machines/call-events.ts'
import { END_REASONS, type EndReason } from '../../../machines/end-reasons.ts'
import { type CallState, LEG_STATES } from '../../../machines/instructions.ts'
import { CALLER_VERIFICATIONS } from '../../calls/caller-trust.ts'
import { PROVIDERS } from '../../calls/ports.ts'
import { PhoneNumbers } from '../../numbers/phone-numbers.ts'
import type { CallCursor, CallQueries, CallSummary } from '../../persistence/call-queries.ts'
import type { ConversationStore } from '../../persistence/conversation-store.ts'
import { HttpProblem } from '../../problem/problem.ts'
import type { AsJson } from '../as-json.ts'
import { dateTime, queryAddress, text } from '../fields.ts'
import { type AnyRoute, route } from '../route.ts'

/** The door of the calls; resolves with null when there is no such call. */
export interface CallDoor {
  send(
    address: { callId: string },
    event: CallEvent,
  ): Promise<{ view: Pick<CallState, 'state'>; handled: boolean } | null>
}

export type CallsOptions = {
  calls: CallDoor
  queries: Pick<CallQueries, 'list' | 'get' | 'legs'>
  conversations: Pick<ConversationStore, 'turns' | 'report' | 'audio'>
  /** Reads the numbers of filters; without a default country when it is left out. */
  numbers?: PhoneNumbers
}

const Call = z
  .object({
    id: z.uuid(),
    callId: z.uuid().describe('The same as id, under the name that URLs of carriers and log lines use.'),
    provider: z.enum(PROVIDERS),
    provider_call_id: z
      .string()
      .nullable()
      .describe(
        "Twilio's CallSid or SIP's Call-ID, of the caller's leg; null while the carrier does not know it.",
      ),
    direction: z.enum(['inbound', 'outbound']),
    from: z.string(),
    to: z.string(),
    agentId: z.uuid().nullable().describe('Null means the default agent.'),
    state: z.string().describe(`One of: ${LEG_STATES.join(', ')}.`),
    bridge: z.string().nullable().describe('Within bridged: connecting, talking or reconnecting.'),
    voice: z.string().describe('Where the voice comes from: cloning, cached, cloned or default.'),
    voiceId: z.string().nullable(),
    callerVerification: z
      .enum(CALLER_VERIFICATIONS)
      .nullable()
      .describe(
        'How far the caller’s number is vouched for: attested by their own network, trunk by the carrier alone, unverified, or failed when the carrier’s check failed; null for calls that we place, and those of earlier versions.',
      ),
    voiceWithheld: z
      .enum(VOICE_WITHHELD)
      .nullable()
      .describe('Why the voice on file was not used; null when it was, or when there is none.'),
    startedAt: z.date(),
    bridgedAt: z.date().nullable(),
    endedAt: z.date().nullable(),
    outcome: z.string().nullable().describe('Why it ended; null while it lives.'),
    fault: z
      .string()
      .nullable()
      .describe('Who is answerable for that: none, caller, carrier, agent or service.'),
    transferTo: z.string().nullable().describe('Whom the latest transfer is to; null when there was none.'),
    transferOutcome: z
      .enum(TRANSFER_OUTCOMES)
      .nullable()
      .describe(
        'What became of it; null while that party is being called. One that is completed has the call.',
      ),
  })
  .meta({ id: 'Call' })

const Leg = z.object({
  id: z.uuid(),
  role: z.enum(LEG_ROLES).describe('What the party is to the call.'),
  provider: z.enum(['twilio', 'sip']),
  providerCallId: z
    .string()
    .nullable()
    .describe("Twilio's CallSid or SIP's Call-ID; null while the carrier does not know the leg."),
  startedAt: z.date(),
  endedAt: z.date().nullable(),
  endReason: z.string().nullable().describe('Why it ended, as a call’s `outcome`; null while it lives.'),
})

const CallDetails = Call.extend({
  legs: z.array(Leg).describe('One for each party, the caller first.'),
}).meta({
  id: 'CallDetails',
})

const Conversation = z
  .object({
    turns: z.array(
      z.object({
        role: z.enum(['caller', 'agent']),
        text: z.string(),
        heard: z.string().optional().describe('What the listener got to hear of it, when it was cut short.'),
        interrupted: z.boolean(),
        at: z.date(),
      }),
    ),
    reports: z
      .array(
        z.object({
          conversationId: z.string(),
          transcription: z.unknown(),
          hasAudio: z.boolean().describe('Whether the vendor sent a recording, too.'),
        }),
      )
      .describe("The vendor's own transcript and analysis, once its post-call webhook has brought them."),
  })
  .meta({ id: 'Conversation' })

const CallPage = z.object({ calls: z.array(Call), nextCursor: z.string().nullable() })

/** The database keeps the reason of an end as text; the service writes no others. */
export type Call = Omit<AsJson<z.output<typeof Call>>, 'outcome'> & { outcome: EndReason | null }
export type CallDetails = Call & Pick<AsJson<z.output<typeof CallDetails>>, 'legs'>
export type CallPage = { calls: Call[]; nextCursor: string | null }
export type Conversation = AsJson<z.output<typeof Conversation>>

const MAX_PAGE = 200

const Filters = z.strictObject({
  state: z.enum(LEG_STATES).optional(),
  provider: z.enum(PROVIDERS).optional(),
  from: queryAddress().optional().describe('Who called, in whatever spelling, such as +15551234567.'),
  to: queryAddress().optional().describe('Which of our numbers was dialled.'),
  since: dateTime().optional().describe('Calls that began then or later.'),
  until: dateTime().optional().describe('Calls that began before.'),
  outcome: z
    .enum(Object.keys(END_REASONS) as [EndReason, ...EndReason[]])
    .optional()
    .describe('Why the call ended.'),
  provider_call_id: text().optional().describe("Twilio's CallSid or SIP's Call-ID."),
  active: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional()
    .describe('true for live calls, false for ended ones.'),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
  cursor: z.string().optional().describe('`nextCursor` of the page before.'),
})

/** Carriers have ids of their own, and those are what people have at hand. */
const CALL_ID =
  'must be a UUID such as 019aa0e4-7c1b-7000-8000-5f2b6c1d3e4f; a CallSid or Call-ID is looked up with GET /api/v1/calls?provider_call_id='
export const callParams = z.object({
  id: z.uuid(CALL_ID).describe('The `id` of a call here, and not the one that its carrier has for it.'),
})
const UNKNOWN = { 404: 'There is no such call.' }
export const unknownCall = () => new HttpProblem(404, UNKNOWN[404])

export function callsRoutes({
  calls,
  queries,
  conversations,
  numbers = new PhoneNumbers(null),
}: CallsOptions): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/calls',
      summary: 'Calls, the newest first',
      query: Filters,
      answer: {
        status: 200,
        description: 'One page of calls.',
        body: CallPage,
      },
      handler: async ({ query: { limit, cursor, provider_call_id: providerCallId, ...rest } }) => {
        const [from, to] = [rest.from, rest.to].map((each) => each && numbers.canonical(each))
        const filter = { ...rest, ...(from && { from }), ...(to && { to }), providerCallId }
        const after = cursor === undefined ? undefined : readCursor(cursor)
        // One more than asked for tells whether there is another page.
        const found = await queries.list(filter, { limit: limit + 1, ...(after && { after }) })
        const page = found.slice(0, limit)
        const last = found.length > limit ? page.at(-1) : undefined
        return { calls: page.map(shown), nextCursor: last ? writeCursor(last) : null }
      },
    }),
    route({
      method: 'get',
      path: '/calls/{id}',
      summary: 'One call',
      params: callParams,
      answer: { status: 200, description: 'The call with its legs.', body: CallDetails },
      problems: UNKNOWN,
      handler: async ({ params: { id } }) => {
        const call = await queries.get(id)
        if (!call) throw unknownCall()
        return { ...shown(call), legs: await queries.legs(id) }
      },
    }),
    route({
      method: 'get',
      path: '/calls/{id}/conversation',
      summary: 'Who said what, and when; interruptions are marked',
      params: callParams,
      answer: { status: 200, description: 'The conversation so far.', body: Conversation },
      problems: UNKNOWN,
      handler: async ({ params: { id } }) => {
        if (!(await queries.get(id))) throw unknownCall()
        const [turns, reports] = await Promise.all([conversations.turns(id), conversations.report(id)])
        return { turns, reports }
      },
    }),
    route({
      method: 'get',
      path: '/calls/{id}/conversations/{conversationId}/audio',
      summary:
        "The vendor's own recording of one conversation of the call, MP3, from its first word to its last",
      params: callParams.extend({ conversationId: text() }),
      answer: { status: 200, description: 'The recording, as the vendor sent it.' },
      problems: { 404: 'There is no such call, or the vendor has sent no recording of it.' },
      handler: async ({ params: { id, conversationId }, res }) => {
        const audio = await conversations.audio(id, conversationId)
        if (!audio) throw new HttpProblem(404, 'The vendor has sent no recording of this conversation.')
        // Somebody's voice is kept by the service alone.
        res.type('audio/mpeg').set({ 'Cache-Control': 'no-store', 'Content-Length': `${audio.bytes}` })
        await pipeline(audio.chunks, res)
      },
    }),
    route({
      method: 'post',
      path: '/calls/{id}/hangup',
      summary: 'Ends a call',
      params: callParams,
      answer: {
        status: 202,
        description: 'The call is being ended.',
        body: z.object({ id: z.uuid(), state: z.string() }),
      },
      problems: { ...UNKNOWN, 409: 'The call has ended.' },
      handler: async ({ params: { id } }) => {
        const call = await calls.send({ callId: id }, { type: 'operator.hangupRequested', by: 'api' })
        if (!call) throw unknownCall()
        const { state } = call.view
        if (state === 'ended' && !call.handled) throw new HttpProblem(409, 'The call has ended.')
        return { id, state }
      },
    }),
  ]
}

function shown({ providerCallId, ...call }: CallSummary): z.input<typeof Call> {
  return { ...call, callId: call.id, provider_call_id: providerCallId }
}

const Cursor = z.tuple([z.iso.datetime(), z.uuid()])

const writeCursor = ({ startedAt, id }: CallCursor) =>
  Buffer.from(JSON.stringify([startedAt.toISOString(), id])).toString('base64url')

function readCursor(cursor: string): CallCursor {
  try {
    const [startedAt, id] = Cursor.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()))
    return { startedAt: new Date(startedAt), id }
  } catch (cause) {
    const errors = [{ parameter: 'cursor', detail: 'must be the nextCursor of another page' }]
    throw new HttpProblem(422, 'The cursor is none of ours.', { errors, cause })
  }
}
