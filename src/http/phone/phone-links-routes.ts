import type { Request } from 'express'
import { z } from 'zod'
import type { PhoneNumbers } from '../../numbers/phone-numbers.ts'
import type { AgentStore } from '../../persistence/agent-store.ts'
import type { PhoneLinkStore } from '../../persistence/phone-link-store.ts'
import { HttpProblem } from '../../problem/problem.ts'
import { addressOf, numberOf } from '../addresses.ts'
import type { AsJson } from '../as-json.ts'
import { dialledAddress, phoneNumber, text } from '../fields.ts'
import { type AnyRoute, route } from '../route.ts'

const DAY_SECONDS = 86_400
const LONGEST_SECONDS = 30 * DAY_SECONDS
const SHORTEST_SECONDS = 60
const MAX_NAME = 80
/** Who looks for older ones looks into the calls that came of them. */
const MAX_LISTED = 200

/** What a call to an agent is to, who answers no number. */
const NO_NUMBER = 'web-phone'

const PhoneLinkDraft = z
  .strictObject({
    agentId: z.uuid().nullable().default(null).describe('The agent who answers.'),
    to: dialledAddress().nullable().default(null).describe('The number that is called; its agent answers.'),
    callerNumber: phoneNumber()
      .nullable()
      .default(null)
      .describe("Whose call it is: the number is believed. Null: nobody's, and no cloned voice."),
    callerName: text(MAX_NAME).nullable().default(null).describe('Whom the page greets.'),
    expiresInSeconds: z
      .int()
      .min(SHORTEST_SECONDS)
      .max(LONGEST_SECONDS)
      .default(DAY_SECONDS)
      .describe('How long the call may be begun.'),
  })
  .refine(({ agentId, to }) => (agentId === null) !== (to === null), {
    path: ['agentId'],
    error: 'must be given, or to, and not both',
  })
  .meta({ id: 'PhoneLinkDraft' })

const stored = {
  id: z.uuid(),
  to: z.string().describe('The number that it calls.'),
  agentId: z.uuid().nullable(),
  agentName: z.string().nullable(),
  callerNumber: z.string().nullable(),
  callerName: z.string().nullable(),
  createdAt: z.date(),
  expiresAt: z.date(),
  usedAt: z.date().nullable(),
  callId: z.uuid().nullable().describe('The call that came of it.'),
  status: z.enum(['waiting', 'used', 'expired']),
}

const PhoneLink = z
  .object(stored)
  .meta({ id: 'PhoneLink', description: 'A link by which somebody calls from a browser, once.' })
const NewPhoneLink = z
  .object({ ...stored, url: z.url().describe('Whoever opens it may call. It is shown this once.') })
  .meta({ id: 'NewPhoneLink' })

const PhoneLinkList = z.object({ links: z.array(PhoneLink) })

export type PhoneLink = AsJson<z.output<typeof PhoneLink>>
export type NewPhoneLink = AsJson<z.output<typeof NewPhoneLink>>
export type PhoneLinkList = AsJson<z.output<typeof PhoneLinkList>>

const NOT_SET_UP =
  'Nobody can call from a browser here: set ENABLE_SIP_HANDLER to true and SIP_WSS_URL to where browsers reach drachtio-server.'

export type PhoneLinksOptions = {
  phoneLinks: Pick<PhoneLinkStore, 'create' | 'list' | 'remove'>
  agents: Pick<AgentStore, 'get'>
  numbers: PhoneNumbers
  /** Whether browsers can reach the SIP servers. */
  canCallFromBrowser: boolean
  /** The origin of the page; null means the one that the request came to. */
  publicUrl: string | null
}

/** Makes and lists the links by which people call from a browser. */
export function phoneLinksRoutes(options: PhoneLinksOptions): AnyRoute[] {
  const { phoneLinks, agents, numbers, canCallFromBrowser, publicUrl } = options

  async function called(agentId: string | null, to: string | null): Promise<string> {
    if (to !== null) return addressOf(to, numbers, '#/to')
    const agent = await agents.get(agentId ?? '')
    if (agent) return agent.numbers[0] ?? NO_NUMBER
    const detail = 'names no agent'
    throw new HttpProblem(422, 'There is no such agent.', { errors: [{ pointer: '#/agentId', detail }] })
  }

  return [
    route({
      method: 'get',
      path: '/phone-links',
      summary: 'The links by which people call from a browser, the newest first',
      answer: { status: 200, description: 'The links.', body: PhoneLinkList },
      handler: async () => ({ links: await phoneLinks.list(MAX_LISTED) }),
    }),
    route({
      method: 'post',
      path: '/phone-links',
      summary: 'Makes a link by which somebody calls from a browser, once',
      body: PhoneLinkDraft,
      answer: { status: 201, description: 'The new link.', body: NewPhoneLink },
      problems: { 409: NOT_SET_UP },
      handler: async ({ body, req }) => {
        if (!canCallFromBrowser) throw new HttpProblem(409, NOT_SET_UP)
        const { agentId, callerNumber } = body
        const { link, token } = await phoneLinks.create({
          ...body,
          to: await called(agentId, body.to),
          callerNumber: callerNumber && numberOf(callerNumber, numbers, '#/callerNumber'),
        })
        // What follows the # reaches no server and no log.
        return { ...link, url: `${publicUrl ?? originOf(req)}/phone#${token}` }
      },
    }),
    route({
      method: 'delete',
      path: '/phone-links/{id}',
      summary: 'Removes a link: nobody can call by it any more',
      params: z.object({ id: z.uuid() }),
      answer: { status: 204, description: 'It is gone; a call that came of it goes on.' },
      problems: { 404: 'There is no such link.' },
      handler: async ({ params: { id } }) => {
        if (!(await phoneLinks.remove(id))) throw new HttpProblem(404, 'There is no such link.')
      },
    }),
  ]
}

const originOf = (req: Request): string => `${req.protocol}://${req.get('host')}`
