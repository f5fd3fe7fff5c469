import { once } from 'node:events'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import type { Carrier } from './carrier.ts'
import { CALL_SID } from './chart-calls.ts'
import { Relay } from './relay.ts'

let relay: Relay
let carrier: Carrier
let database: PromiseWithResolvers<void>

beforeEach(async () => {
  relay = await Relay.start()
  onTestFinished(() => relay.stop())
  carrier = await relay.bridge()
  carrier.echoesMarks = false
  database = Promise.withResolvers()
  relay.calls.sendGate = database.promise
})

const received = (event: string) => carrier.received.filter((message) => message.event === event).length

/** Whatever was sent before the answer to it has come. */
async function everythingHasCome(): Promise<void> {
  carrier.socket.ping()
  await once(carrier.socket, 'pong')
}

test('a caller whose agent is lost hears music until the call can be told', async () => {
  relay.agent.latest.isLost('closed')
  relay.clock.advance(1_250)
  await everythingHasCome()
  expect(received('media')).toBe(0)
  relay.clock.advance(500)
  await relay.until(() => expect(received('media')).toBeGreaterThan(0))
  database.resolve()
  await relay.until(() => expect(relay.calls.events.map(({ type }) => type)).toContain('agent.lost'))
  expect(relay.hungUp).toEqual([])
})

test('a caller whose agent has ended is hung up after its last word, though the call cannot be told', async () => {
  relay.agent.latest.ends()
  relay.clock.advance(1_250)
  await everythingHasCome()
  expect(received('mark')).toBe(0)
  relay.clock.advance(500)
  await relay.until(() => expect(received('mark')).toBe(1))
  expect(relay.hungUp).toEqual([])
  carrier.returnMark('last-word')
  expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
  expect(relay.hungUp).toEqual([CALL_SID])
  database.resolve()
  await relay.until(() => expect(relay.calls.events.map(({ type }) => type)).toContain('agent.ended'))
})

test('once the call can be told while the last word is heard, it ends its leg itself', async () => {
  relay.agent.latest.ends()
  relay.clock.advance(1_750)
  await relay.until(() => expect(received('mark')).toBe(1))
  database.resolve()
  await relay.until(() => expect(relay.calls.view.state).toBe('closing'))
  carrier.returnMark('last-word')
  expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
  expect(relay.hungUp).toEqual([])
})
