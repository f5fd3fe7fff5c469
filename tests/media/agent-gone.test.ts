import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { Relay } from './relay.ts'

test('a caller whose agent has ended hears music until the call can be told, and is then hung up', async () => {
  const relay = await Relay.start()
  onTestFinished(() => relay.stop())
  const carrier = await relay.bridge()
  const gate = Promise.withResolvers<void>()
  relay.calls.sendGate = gate.promise
  const heard = () => carrier.received.filter(({ event }) => event === 'media').length
  relay.agent.latest.ends()
  relay.clock.advance(1_250)
  // Whatever was sent before the answer to it has come.
  carrier.socket.ping()
  await once(carrier.socket, 'pong')
  expect(heard()).toBe(0)
  relay.clock.advance(500)
  await relay.until(() => expect(heard()).toBeGreaterThan(0))
  gate.resolve()
  expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
  expect(relay.calls.events.map(({ type }) => type)).toContain('agent.ended')
})
