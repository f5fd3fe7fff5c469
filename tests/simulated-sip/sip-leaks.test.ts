import pino from 'pino'
import { expect, test } from 'vitest'
import { addedTo, openHandles } from '../support/open-handles.ts'
import { startSipNetwork } from '../support/simulated-sip/start-sip-network.ts'
import { AudioFiles } from './audio-files.ts'
import { ForkReceiver } from './fork-receiver.ts'
import { SipApp, serversOf, toldOf } from './sip-app.ts'

test('stopping the servers in the middle of everything leaves no socket and no timer', async () => {
  const before = openHandles()
  const sip = await startSipNetwork({ log: pino({ level: 'silent' }) })
  const receiver = await ForkReceiver.listen()
  const files = await AudioFiles.serve()
  const app = await SipApp.start(serversOf(sip))
  const leg = await app.answeredCall()
  await leg.endpoint.forkAudioStart({ wsUrl: receiver.url(), bugname: 'bot' })
  await receiver.newest(1)
  leg.endpoint.play(files.url(60_000))
  await toldOf(leg, 'playback-start')
  app.call(() => {})
  app.stop()
  await sip.stop()
  receiver.stop()
  files.stop()
  // The app's own half notices a little later that the other has gone; fsmrf keeps a timer of a second.
  await expect.poll(() => addedTo(before, openHandles()), { timeout: 4000 }).toEqual([])
})
