import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newSid } from '../../src/simulator/carrier/sid.ts'
import { parseTwiml, type Verb } from '../../src/simulator/carrier/twiml.ts'
import { ScriptedWorld, SERVICE_NUMBER } from '../support/scripted-world.ts'
import { harmless } from './expect-no-effect.ts'

/* URLs that say which leg comes back by them, and what becomes of one that says another. */

const NOBODYS = '0190a0a0-0000-7000-8000-000000000000'

let world: ScriptedWorld
beforeAll(async () => {
  world = await ScriptedWorld.begin({ LOG_LEVEL: 'warn' })
  await world.startNode()
})
afterAll(() => world.end())

type Call = { sid: string; legId: string; form: Record<string, string>; poll: string }

const urlOf = (path: string) => `${world.node.origin}/webhooks/${path}`

async function ask(url: string, { form }: Pick<Call, 'form'>): Promise<Verb[]> {
  return parseTwiml(await (await world.carrier.post(url, form)).text())
}

/** A call that is being greeted, and where it was told to come back. */
async function newCall(): Promise<Call> {
  const sid = newSid('CA')
  const form = world.carrier.fieldsOf({ sid, from: '+15550100007', to: SERVICE_NUMBER })
  const last = (await ask(urlOf('inbound'), { form })).at(-1)
  if (last?.verb !== 'Redirect') throw new Error('A caller who is greeted is not told to come back.')
  const [leg] = await world.db.query<{ id: string }>('select id from call_leg where provider_call_id = $1', [
    sid,
  ])
  return { sid, legId: leg?.id ?? '', form, poll: last.text }
}

const actionOf = (verbs: Verb[]): string => {
  const [verb] = verbs
  return verb?.verb === 'Connect' ? (verb.action ?? '') : ''
}

/** One that has been told to open the stream of its first bridge, and where it was told to report the end of it. */
async function callToJoin(): Promise<Call & { action: string }> {
  const call = await newCall()
  return { ...call, action: actionOf(await ask(call.poll, call)) }
}

/** The URL with another leg in it. */
function naming(url: string, leg: string): string {
  const other = new URL(url)
  other.searchParams.set('leg', leg)
  return other.href
}

test('a leg comes back by URLs that name it, and is led on', async () => {
  const call = await callToJoin()
  expect(new URL(call.poll).searchParams.get('leg')).toBe(call.legId)
  expect(new URL(call.action).searchParams.get('leg')).toBe(call.legId)
  expect(actionOf(await ask(call.action, call))).toContain('bridgeNumber=2')
})

describe.each([
  ['of nobody', async () => NOBODYS],
  ['of another live call', async () => (await newCall()).legId],
  ['that is no id', async () => `'; drop table call_leg --`],
])('a URL that names a leg %s', (_, another) => {
  test('moves nobody: the caller is told again what they were told', async () => {
    const [greeted, leg] = [await newCall(), await another()]
    await harmless(world, [], async () => {
      const told = await ask(naming(greeted.poll, leg), greeted)
      expect(told.at(-1)).toEqual({ verb: 'Redirect', text: greeted.poll, method: 'POST' })
    })
    const call = await callToJoin()
    await harmless(world, [], async () => {
      expect(actionOf(await ask(naming(call.action, leg), call))).toBe(call.action)
    })
  })
})

describe('a URL of the release before', () => {
  test('names no leg: it is the one that Twilio speaks of', async () => {
    const call = await newCall()
    expect(actionOf(await ask(urlOf('status-callback'), call))).toContain('bridgeNumber=1')
    expect(actionOf(await ask(urlOf('stream-ended'), call))).toContain('bridgeNumber=2')
  })

  test('names its bridge by another word, and only the present one is left', async () => {
    const call = await callToJoin()
    expect(actionOf(await ask(urlOf('stream-ended?attempt=1'), call))).toContain('bridgeNumber=2')
    await harmless(world, [], async () => {
      expect(actionOf(await ask(urlOf('stream-ended?attempt=1'), call))).toContain('bridgeNumber=2')
    })
  })
})
