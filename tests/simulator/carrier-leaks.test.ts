import { expect, test } from 'vitest'
import { addedTo, openHandles } from '../support/open-handles.ts'
import { ScriptedCaller } from '../support/scripted-caller.ts'
import { CALLER, startServiceDouble, startTestCarrier, twiml, until } from './service-double.ts'

test('stopping the carrier in the middle of everything leaves no socket and no timer', async () => {
  const before = openHandles()
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
  expect(addedTo(before, openHandles())).toEqual([])
})
