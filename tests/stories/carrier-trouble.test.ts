import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { twilioSignature } from '../../src/simulator/carrier/signature.ts'
import type { TimelineEntry } from '../../src/simulator/carrier/timeline.ts'
import { ScriptedStream } from '../support/scripted-stream.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { World } from '../support/world.ts'

/* The carrier fails, repeats itself, is late, or says nothing, in every way that a carrier can. The call goes on. */

type Entry<Type extends TimelineEntry['type']> = Extract<TimelineEntry, { type: Type }>

const entries = <Type extends TimelineEntry['type']>(call: StoryCall, type: Type) =>
  call.line.timeline.filter((entry): entry is Entry<Type> => entry.type === type)

const isTo = (path: string) => (entry: { url: string }) => entry.url.includes(path)

/** What the carrier delivered to this webhook first. */
const delivery = (call: StoryCall, path: string) => call.sees('webhook-sent', isTo(path))

/** Hangs up and says why the call was over. */
async function end(call: StoryCall): Promise<void> {
  call.hangUp()
  expect(await call.outcome()).toBe('caller_hung_up')
}

describe('When the carrier', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin()
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  /** A call that speaks with its agent. */
  async function talking(): Promise<StoryCall> {
    const call = world.call(world.newCaller())
    await call.hasTurns(1)
    return call.reaches('bridged.talking')
  }

  /** A call on hold whose next question is held back. */
  async function onHold(): Promise<StoryCall> {
    world.vendor.withholdClones = true
    const call = world.call(await world.newCallerWithVoice())
    await call.reaches('hold')
    return call
  }

  /** Delivers a webhook of this call by hand; with a `token` of old it is a repetition. */
  function deliver(
    call: StoryCall,
    path: string,
    fields: Record<string, string> = {},
    token: string = randomUUID(),
  ) {
    const url = path.startsWith('http') ? path : `${world.node.origin}/webhooks/${path}`
    const { sid, from, to } = call.line
    const form = { CallSid: sid, AccountSid: world.carrier.accountSid, From: from, To: to, ...fields }
    return fetch(url, {
      method: 'POST',
      body: new URLSearchParams(form),
      headers: {
        'X-Twilio-Signature': twilioSignature(world.authToken, url, form),
        'I-Twilio-Idempotency-Token': token,
      },
    })
  }

  /** Whatever is done meanwhile changes nothing about the call. */
  async function unmoved(call: StoryCall, act: () => Promise<unknown>): Promise<void> {
    const [before, state] = [await call.events(), await call.state()]
    await act()
    expect(await call.state()).toBe(state)
    expect((await call.events()).slice(before.length).filter(({ type }) => type !== 'voice.ready')).toEqual(
      [],
    )
  }

  describe('repeats itself', () => {
    it('with every webhook at once, nothing is begun twice', async () => {
      const requests = world.vendor.cloneRequests
      world.carrier.faults.repeatWebhooks = true
      const call = world.call(await world.newCallerWithVoice())
      await call.reaches('bridged.talking')
      await end(call)
      expect(await call.conversations()).toHaveLength(1)
      expect(world.vendor.cloneRequests).toBe(requests + 1)
    })

    it('because the answer to the first webhook was lost, the call is the same', async () => {
      world.carrier.faults.loseNextResponse = true
      const call = await talking()
      const answers = entries(call, 'webhook-answered').filter(isTo('/inbound'))
      expect(answers.map(({ lost }) => lost)).toEqual([true, false])
      await end(call)
      const rows = await world.db.query('select 1 from call_log where provider_call_id = $1', [call.sid])
      expect(rows).toHaveLength(1)
    })

    it('because the order to open the stream was lost, one stream is opened', async () => {
      world.carrier.faults.withholdPolls = true
      const call = world.call(world.newCaller())
      await call.waitsToPoll()
      world.carrier.faults.loseNextResponse = true
      world.carrier.faults.withholdPolls = false
      await call.reaches('bridged.talking')
      expect(entries(call, 'stream-opened')).toHaveLength(1)
      expect(await call.conversations()).toHaveLength(1)
      await end(call)
    })

    it('because the answer after a broken stream was lost, the call is bridged again once', async () => {
      const call = await talking()
      world.carrier.faults.loseNextResponse = true
      call.line.dropStream()
      await call.conversation(2)
      await call.reaches('bridged.talking')
      expect(
        entries(call, 'webhook-answered')
          .filter(isTo('/stream-ended'))
          .map(({ lost }) => lost),
      ).toEqual([true, false])
      expect(entries(call, 'stream-opened')).toHaveLength(2)
      await end(call)
    })

    it('because the answer to its last word was lost, the call is over once', async () => {
      const call = await talking()
      world.carrier.faults.loseNextResponse = true
      await end(call)
      await until(
        'the last word was repeated',
        () => entries(call, 'webhook-answered').filter(isTo('/call-status')).length === 2,
      )
    })
  })

  describe('is late', () => {
    it('with webhooks of long ago, a conversation is not disturbed', async () => {
      const call = await talking()
      const [inbound, poll] = [await delivery(call, '/inbound'), await delivery(call, '/status-callback')]
      await unmoved(call, async () => {
        for (const { url, token } of [poll, inbound, poll]) {
          const answer = await deliver(call, url, { CallStatus: 'ringing' }, token)
          expect(answer.status).toBe(200)
        }
        expect((await deliver(call, 'inbound', { CallStatus: 'ringing' })).status).toBe(200)
        for (const status of ['initiated', 'ringing', 'in-progress', 'answered'])
          expect((await deliver(call, 'call-status', { CallStatus: status })).status).toBe(204)
      })
      expect(await call.conversations()).toHaveLength(1)
      expect(entries(call, 'stream-closed')).toEqual([])
      await end(call)
    })

    it('with the end of a stream that has been replaced, the new one is not disturbed', async () => {
      const call = await talking()
      call.line.dropStream()
      const ended = await delivery(call, '/stream-ended')
      await call.conversation(2)
      await call.reaches('bridged.talking')
      await unmoved(call, async () => {
        for (const token of [ended.token, randomUUID()]) await deliver(call, ended.url, {}, token)
      })
      expect(entries(call, 'stream-opened')).toHaveLength(2)
      await end(call)
    })

    it('with the beginning, which comes after the end, the call stays over', async () => {
      const call = await talking()
      await end(call)
      await unmoved(call, async () => {
        for (const path of ['inbound', 'status-callback', 'stream-ended?bridgeNumber=1'])
          expect(await (await deliver(call, path)).text()).toMatch(/<Response><Hangup\/><\/Response>$/)
        for (const status of ['failed', 'completed'])
          expect((await deliver(call, 'call-status', { CallStatus: status })).status).toBe(204)
      })
    })

    it('to move a call that has been bridged meanwhile, it is bridged again, and the agent knows', async () => {
      const call = await talking()
      const [greeting] = await call.turns()
      call.line.move({ do: 'request', url: `${world.node.origin}/webhooks/status-callback`, method: 'POST' })
      const again = await call.conversation(2)
      await until('the agent is told what was said', () =>
        again.contextualUpdates.join().includes(greeting?.text ?? '?'),
      )
      await call.reaches('bridged.talking')
      await end(call)
    })
  })

  describe('tells of the end before anybody expects it', () => {
    it.each([
      ['busy', 'caller_busy'],
      ['no-answer', 'caller_no_answer'],
      ['failed', 'carrier_failed'],
      ['canceled', 'caller_hung_up'],
    ])('as %s, the call is over, and the leg that asks on is hung up', async (status, outcome) => {
      world.carrier.faults.withholdPolls = true
      const call = world.call(world.newCaller())
      await call.waitsToPoll()
      await deliver(call, 'call-status', { CallStatus: status, CallDuration: '3' })
      await call.reaches('ended')
      world.carrier.faults.withholdPolls = false
      expect((await call.sees('ended')).by).toBe('service')
      expect(await call.outcome()).toBe(outcome)
    })

    it('while the caller speaks with the agent, both sockets are closed', async () => {
      const call = await talking()
      await deliver(call, 'call-status', { CallStatus: 'completed' })
      expect((await call.sees('stream-closed')).by).toBe('service')
      expect(await call.outcome()).toBe('caller_hung_up')
    })
  })

  describe('drops the stream while the call lives', () => {
    it('the caller is bridged again, and the agent is told what was said', async () => {
      const call = await talking()
      const [greeting] = await call.turns()
      expect(call.line.dropStream()).toBe(true)
      const again = await call.conversation(2)
      await until('the agent is told what was said', () =>
        again.contextualUpdates.join().includes(greeting?.text ?? '?'),
      )
      await call.reaches('bridged.talking')
      await end(call)
    })

    it('again and again, it is enough after six bridges, and the caller hears an apology', async () => {
      const call = await talking()
      for (let bridge = 1; bridge <= 6; bridge++) {
        await until(`bridge ${bridge} is open`, () => entries(call, 'stream-opened').length === bridge)
        await call.reaches('bridged.talking')
        call.line.dropStream()
      }
      expect(await call.outcome()).toBe('media_lost')
      const said = entries(call, 'verb-started').filter(({ verb }) => verb === 'Say')
      expect(said.at(-1)?.detail).toMatch(/^I am sorry/)
    })

    it('and the caller is gone, too, which nobody tells: the call is over when its time is up', async () => {
      world.carrier.faults.noStatusCallbacks = true
      const call = await talking()
      // The call ends at the carrier before its stream can report.
      call.line.dropStream()
      call.line.abandon()
      await call.sees('ended')
      await until('the stream is missed', async () => (await call.state()) !== 'bridged.talking')
      await world.passTime(15_000)
      expect(await call.outcome()).toMatch(/^(media_lost|caller_hung_up)$/)
    })
  })

  describe('does not do what it is told', () => {
    it.each([401, 404, 500])('but answers %i, the caller is bridged at the next poll', async (status) => {
      world.carrier.faults.refuseRest = status
      const call = await onHold()
      world.vendor.withholdClones = false
      await call.reaches('bridged.talking')
      expect(entries(call, 'moved')).toEqual([])
      expect(await call.conversations()).toHaveLength(1)
      await end(call)
    })

    it('and never answers, the caller is bridged at the next poll', async () => {
      world.carrier.faults.hangRest = true
      const call = await onHold()
      world.vendor.withholdClones = false
      await call.reaches('bridged.talking')
      expect(await call.conversations()).toHaveLength(1)
      await end(call)
    })

    it('when an operator hangs up, the call ends at its next question', async () => {
      world.carrier.faults.refuseRest = 500
      const waiting = await onHold()
      const speaking = await talking()
      for (const call of [waiting, speaking]) {
        const answer = await world.admin(`/calls/${await call.id()}/hangup`, { method: 'POST' })
        expect(answer.status).toBe(202)
        expect((await call.sees('ended')).by).toBe('service')
        expect(await call.outcome()).toBe('operator_hung_up')
      }
    })
  })

  describe('says nothing on its stream', () => {
    it('it is closed, and the call is bridged by another', async () => {
      world.carrier.faults.muteStreams = true
      const call = world.call(world.newCaller())
      await call.sees('stream-opened')
      world.carrier.faults.muteStreams = false
      expect((await call.sees('stream-closed')).by).toBe('service')
      await call.reaches('bridged.talking')
      expect(entries(call, 'stream-opened')).toHaveLength(2)
      expect(await call.conversations()).toHaveLength(1)
      await end(call)
    })
  })

  describe('opens two streams for one call', () => {
    it('the second is turned away, and the first goes on', async () => {
      const call = await talking()
      const { url, parameters } = await call.sees('stream-opened')
      const second = await ScriptedStream.open(url, { signature: twilioSignature(world.authToken, url) })
      await unmoved(call, async () => {
        second.start(call.sid, parameters)
        expect((await second.closed).code).toBe(1008)
      })
      call.speak(1_500)
      await call.hasTurns(3)
      await end(call)
    })
  })
})
