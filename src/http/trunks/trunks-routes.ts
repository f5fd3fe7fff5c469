import ipaddr from 'ipaddr.js'
import { z } from 'zod'
import type { TrunkRegistration } from '../../calls/trunk-ports.ts'
import type { PhoneNumbers } from '../../numbers/phone-numbers.ts'
import {
  type TrunkDraft as Draft,
  type StoredTrunk,
  TrunkNameTakenError,
  type TrunkStore,
} from '../../persistence/trunk-store.ts'
import { HttpProblem } from '../../problem/problem.ts'
import { addressOf } from '../addresses.ts'
import { type AnyRoute, route } from '../route.ts'
import { type SettingsTrunk, Trunk, TrunkChange, TrunkDraft, TrunkList } from './trunk-fields.ts'

const params = z.object({ id: z.uuid() })
const UNKNOWN = 'There is no such trunk.'
const TAKEN = 'Another trunk has this name.'
const unknownTrunk = () => new HttpProblem(404, UNKNOWN)

export type TrunksOptions = {
  trunks: TrunkStore
  numbers: PhoneNumbers
  /** What the settings say of trunks; null where SIP is not taken at all. */
  settingsTrunk: z.input<typeof SettingsTrunk> | null
}

/** Reads and writes the SIP trunks that are taken beside those of the settings. */
export function trunksRoutes({ trunks, numbers, settingsTrunk }: TrunksOptions): AnyRoute[] {
  const shown = (trunk: StoredTrunk) => withoutSecrets(trunk, settingsTrunk !== null)
  const find = async (id: string) => {
    const trunk = await trunks.get(id)
    if (!trunk) throw unknownTrunk()
    return trunk
  }
  return [
    route({
      method: 'get',
      path: '/trunks',
      summary: 'All SIP trunks, the oldest first',
      answer: {
        status: 200,
        description:
          'The trunks, and the one of the settings; that is null where ENABLE_SIP_HANDLER is not true.',
        body: TrunkList,
      },
      handler: async () => ({ trunks: (await trunks.list()).map(shown), fromSettings: settingsTrunk }),
    }),
    route({
      method: 'post',
      path: '/trunks',
      summary: 'Sets up a SIP trunk',
      body: TrunkDraft,
      answer: { status: 201, description: 'The new trunk.', body: Trunk },
      problems: { 409: TAKEN },
      handler: async ({ body, req, res }) => {
        const trunk = await trunks.create(checked(body, numbers)).catch(rejectTaken)
        res.location(`${req.baseUrl}/trunks/${trunk.id}`)
        return shown(trunk)
      },
    }),
    route({
      method: 'get',
      path: '/trunks/{id}',
      summary: 'One SIP trunk',
      params,
      answer: { status: 200, description: 'The trunk.', body: Trunk },
      problems: { 404: UNKNOWN },
      handler: async ({ params: { id } }) => shown(await find(id)),
    }),
    route({
      method: 'patch',
      path: '/trunks/{id}',
      summary: 'Changes a SIP trunk; calls that live go on as they are',
      params,
      body: TrunkChange,
      answer: { status: 200, description: 'The trunk as it is now.', body: Trunk },
      problems: { 404: UNKNOWN, 409: TAKEN },
      handler: async ({ params: { id }, body }) => {
        const before = await find(id)
        const changed = await trunks.update(id, changeOf(before, body, numbers)).catch(rejectTaken)
        if (!changed) throw unknownTrunk()
        return shown(changed)
      },
    }),
    route({
      method: 'delete',
      path: '/trunks/{id}',
      summary: 'Removes a SIP trunk; calls that live go on, and new ones are refused',
      params,
      answer: { status: 204, description: 'It is gone.' },
      problems: { 404: UNKNOWN },
      handler: async ({ params: { id } }) => {
        if (!(await trunks.remove(id))) throw unknownTrunk()
      },
    }),
  ]
}

function rejectTaken(error: unknown): never {
  if (error instanceof TrunkNameTakenError) throw new HttpProblem(409, error.message, { cause: error })
  throw error
}

/** What is sent, with what must fit what is not sent. */
function changeOf(before: StoredTrunk, change: z.output<typeof TrunkChange>, numbers: PhoneNumbers) {
  const { registration, ...rest } = change
  const password = registration?.password ?? before.registration?.password
  if (registration && password === undefined)
    throw refused('#/registration/password', 'is missing: none is kept that could stay')
  const registered = registration && { ...registration, password: password as string }
  // Another country reads numbers otherwise.
  const read = { ...(change.country !== undefined && { numbers: before.numbers }), ...rest }
  const whole = checked(
    { ...before, ...read, ...(registered !== undefined && { registration: registered }) },
    numbers,
  )
  return {
    ...read,
    ...(read.numbers && { numbers: whole.numbers }),
    ...(registered !== undefined && { registration: registered }),
  }
}

/** The trunk with its numbers as calls will have them. @throws HttpProblem 422 for parts that do not fit each other */
function checked<Whole extends Draft>(trunk: Whole, reader: PhoneNumbers): Whole {
  if (trunk.registration !== null && trunk.server === null)
    throw refused('#/server', 'is missing: a registration needs the host of its registrar')
  const own = trunk.country === null ? reader : reader.in(trunk.country)
  const read = trunk.numbers.map((number, index) => addressOf(number, own, `#/numbers/${index}`))
  return { ...trunk, numbers: [...new Set(read)] }
}

const refused = (pointer: string, detail: string): HttpProblem =>
  new HttpProblem(422, 'The request does not fit what is expected here.', { errors: [{ pointer, detail }] })

function withoutSecrets(trunk: StoredTrunk, isSipTaken: boolean): z.input<typeof Trunk> {
  const { standing: _, ...rest } = trunk
  return {
    ...rest,
    state: stateOf(trunk),
    registration: trunk.registration && withoutPassword(trunk.registration),
    warnings: warningsOf(trunk, isSipTaken),
  }
}

/** What was found out about a registration or a server that is there no more is of no interest. */
function stateOf({ enabled, registration, server, optionsSeconds, standing }: StoredTrunk): Shown['state'] {
  const { keptBy, names, liveCalls } = standing
  const { until = null, error = null, at = null } = standing.registration ?? {}
  const status = until !== null ? 'registered' : error !== null ? 'failed' : 'pending'
  const isAsked = enabled && server !== null && optionsSeconds !== null
  return {
    keptBy,
    names,
    liveCalls,
    registration: enabled && registration ? { status, until, error, at } : null,
    server:
      isAsked && standing.server ? { isAnswering: standing.server.error === null, ...standing.server } : null,
  }
}

type Shown = z.input<typeof Trunk>

const withoutPassword = ({ username, authUsername, expiresSeconds }: TrunkRegistration) => ({
  username,
  authUsername,
  expiresSeconds,
})

function warningsOf({ enabled, server, addresses }: StoredTrunk, isSipTaken: boolean): string[] {
  const warnings: [boolean, string][] = [
    [!isSipTaken, 'ENABLE_SIP_HANDLER is not true: no SIP call is taken at all.'],
    [
      enabled && server === null && addresses.length === 0,
      'It has neither a server nor an address: no call can be its own.',
    ],
    [
      addresses.some(isForAnybody),
      'It has a range of half the Internet: anybody can call without a password.',
    ],
  ]
  return warnings.filter(([applies]) => applies).map(([, warning]) => warning)
}

/** No provider has that many addresses. */
const isForAnybody = (address: string): boolean => address.includes('/') && ipaddr.parseCIDR(address)[1] < 2
