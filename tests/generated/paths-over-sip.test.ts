import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { coveringPaths } from '../../src/model/call-paths.ts'
import { CALL_ELEMENTS } from '../support/call-coverage.ts'
import { SERVICE_NUMBER } from '../support/scripted-world.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { FollowedCall } from './followed-call.ts'
import { keepCoverage } from './keep-coverage.ts'
import { keepRecordings } from './keep-recordings.ts'
import { playPath } from './play-path.ts'
import { SipCarrier } from './sip-carrier.ts'
import { Stage } from './stage.ts'
import { type Played, reportOf, walkedIn } from './walked.ts'

/*
 * Every path that a SIP call can go, on the running service: a phone, drachtio-server and FreeSWITCH use their own
 * protocols, and what happens to the call is what happens over Twilio.
 */

/** Of the ways to go on that a carrier's question opens, those that a leg which follows its call has no need to ask. */
const NEVER_OVER_SIP = [
  'leg.streaming on leg.instructionsRequested #1',
  'leg.awaitingHangup on leg.instructionsRequested #1',
  'leg.awaitingRestream on leg.instructionsRequested #1',
  'leg.closing on leg.instructionsRequested #1',
  'call.closing on leg.asks #1',
  // Told in the stories of nodes and of the agent.
  'leg.streaming on relay.unresponsive #1',
  'leg.closing on relay.unresponsive #1',
  'call.closing on leg.hearsNothing #1',
  ...[1, 2].map((n) => `conversation.live on agent.overrideRefused #${n}`),
  ...['cached', 'cloned'].flatMap((voice) =>
    [1, 2].map((n) => `voice.settled.${voice} on conversation.refusesVoice #${n}`),
  ),
  'voice.settled.default on conversation.refusesVoice #1',
  // A 503 ends the call at once: nobody has to be waited for.
  'call.rejected on xstate.after.FAREWELL.call.rejected #1',
]

const named = coveringPaths('table', SipCarrier.canHear).map((path) => [path.name, path] as const)
const accepted = named.filter(([, { input }]) => input.admission === 'accepted')
const refused = named.filter(([, { input }]) => input.admission !== 'accepted')

const played: Played[] = []
let stage: Stage

beforeAll(async () => {
  stage = await Stage.set('sip')
})
afterAll(() => stage.strike())

describe.concurrent('over SIP', () => {
  test.each(accepted)('%s', async (_, path) => {
    played.push({ path, events: await playPath(path, { stage }) })
  })

  /** There is nothing to lead: the call is over before anybody could look at it. */
  test.skipIf(REAL_SERVERS).each(refused)('%s', async (_, path) => {
    const carrier = stage.carrierFor(path.input)
    if (!(carrier instanceof SipCarrier)) throw new Error('This node takes no SIP calls.')
    const { from } = await stage.caller(path.input)
    const line = carrier.phone.invite({ from, to: SERVICE_NUMBER })
    expect((await line.final).status).toBe(503)
    const call = await FollowedCall.follow(stage.world, line.callId)
    await call.next('the beginning')
    for (const step of path.steps) {
      const { stateAfter } = await call.next('the end')
      expect(stateAfter).toBe(step.expect.state)
    }
    call.leave()
    played.push({ path, events: [...call.events] })
  })
})

describe('what the service wrote down of it', () => {
  test.skipIf(REAL_SERVERS)('is every state of the chart, and every transition that SIP has', async () => {
    await keepCoverage('sip', played, NEVER_OVER_SIP)
    await keepRecordings('sip', stage.world)
    const { missed, ...walked } = walkedIn(played)
    process.stdout.write(reportOf(walked, played))
    const ofTheChart: string[] = [...CALL_ELEMENTS.states, ...CALL_ELEMENTS.transitions]
    expect(missed.filter((each) => ofTheChart.includes(each)).sort()).toEqual(NEVER_OVER_SIP.toSorted())
  })
})
