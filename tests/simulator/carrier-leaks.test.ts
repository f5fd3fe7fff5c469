import { expect, test } from 'vitest'
import { ScriptedCaller } from '../../src/simulator/carrier/scripted-caller.ts'
import { CALLER, startServiceDouble, startTestCarrier, twiml, until } from './service-double.ts'

/** Sockets, servers and timers that keep the process alive. */
function leftovers(): string[] {
  const kinds = ['TCPSocketWrap', 'TCPServerWrap', 'Timeout']
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind))
}

/** What is there now and was not before; a timer of the test runner that has meanwhile fired is no concern of ours. */
function addedTo(before: string[], now: string[]): string[] {
  const known = [...before]
  return now.filter((kind) => {
    const at = known.indexOf(kind)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

test('stopping the carrier in the middle of everything leaves no socket and no timer', async () => {
  const before = leftovers()
  const own = await startServiceDouble()
  const ownCarrier = await startTestCarrier(own, { statusCallbackUrl: `${own.origin}/never` })
  const never = () => new Promise<string>(() => {})
  own.on('/voice', () =>
    twiml(`<Connect><Stream url="${own.origin.replace('http', 'ws')}/media"/></Connect>`),
  )
  own.on('/never', never)
  own.on('/play', never)
  const dial = () => ownCarrier.call({ from: CALLER, caller: new ScriptedCaller() })
  const opened = own.nextSocket()
  dial()
  await opened
  own.on('/voice', () => twiml('<Play>/play</Play>'))
  await until(dial(), 'verb-started')
  own.on('/voice', () => twiml('<Pause length="60"/>'))
  await until(dial(), 'answered')
  own.on('/voice', () => twiml(''))
  await until(dial(), 'ended')
  await ownCarrier.stop()
  await own.stop()
  // Node counts a closed handle until its loop has gone round a few times.
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(addedTo(before, leftovers())).toEqual([])
})
