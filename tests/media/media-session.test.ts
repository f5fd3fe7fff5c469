import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LEG } from '../../src/model/call-model.ts'
import type { Carrier } from './carrier.ts'
import { Relay, SILENCE_TIMEOUT_MS } from './relay.ts'

const lost = (clean: boolean) => ({ type: 'media.lost', leg: LEG, bridgeNumber: 1, clean })

/** 20 ms of sound, as base64: recognisable by its number. */
const frame = (number: number) => Buffer.alloc(160, number % 256).toString('base64')
const SECOND = Buffer.alloc(8000, 0x55).toString('base64')

let relay: Relay
beforeEach(async () => {
  relay = await Relay.start()
})
afterEach(() => relay.stop())

const speak = (payload: string) => relay.agent.latest.says.audio(Buffer.from(payload))
const eventTypes = () => relay.calls.events.map(({ type }) => type)

describe('a bridge', () => {
  test('carries what both say, byte for byte and in order', async () => {
    const carrier = await relay.bridge()
    const payload = fc
      .uint8Array({ minLength: 1, maxLength: 600 })
      .map((audio) => Buffer.from(audio).toString('base64'))
    const said = fc.array(fc.record({ fromCaller: fc.boolean(), payload }), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(said, async (frames) => {
        const { heard } = relay.agent.latest
        const [callerFrom, agentFrom] = [heard.length, carrier.heard.length]
        for (const { fromCaller, payload } of frames) fromCaller ? carrier.media(payload) : speak(payload)
        const [byCaller, byAgent] = [true, false].map((side) =>
          frames.flatMap(({ fromCaller, payload }) => (fromCaller === side ? [payload] : [])),
        ) as [string[], string[]]
        await relay.until(() => {
          expect(heard.length - callerFrom).toBe(byCaller.length)
          expect(carrier.heard.length - agentFrom).toBe(byAgent.length)
        })
        expect(heard.slice(callerFrom)).toEqual(byCaller)
        expect(carrier.heard.slice(agentFrom)).toEqual(byAgent)
      }),
      { numRuns: 25 },
    )
  })

  test('tells the agent who calls, and the call that the agent is there', async () => {
    await relay.bridge()
    expect(relay.agent.latest.request).toMatchObject({ voiceId: 'house-voice', conversationSoFar: [] })
    expect(relay.calls.events).toEqual([
      { type: 'agent.ready', bridgeNumber: 1, connection: 1, conversationId: 'conversation-1' },
    ])
  })

  test('counts frames and times a sample of them', async () => {
    const carrier = await relay.bridge()
    for (let sent = 0; sent < 600; sent++) {
      carrier.media(frame(sent))
      speak(frame(sent))
    }
    await relay.until(() => expect(relay.agent.latest.heard.length).toBe(600))
    expect(relay.counts).toMatchObject({
      callerToAgentFrames: 600,
      agentToCallerFrames: 600,
      liveSessions: 1,
    })
    expect(relay.relayDelays).toHaveLength(4)
  })

  test('the carrier’s clean end is told, and nothing comes after it', async () => {
    const carrier = await relay.bridge()
    const { latest } = relay.agent
    carrier.stop()
    expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
    await relay.until(() => expect(eventTypes()).toEqual(['agent.ready', 'media.lost']))
    expect(relay.calls.events.at(-1)).toEqual(lost(true))
    expect(relay.calls.view.state).toBe('departing')
    expect(latest.closes).toBe(1)
  })

  test('a socket that is closed in good order is as good as a word', async () => {
    const carrier = await relay.bridge()
    carrier.socket.close(1000)
    await relay.until(() => expect(relay.calls.events.at(-1)).toEqual(lost(true)))
    expect(relay.calls.view.state).toBe('departing')
  })

  test('a socket that breaks without a word is told as such', async () => {
    const carrier = await relay.bridge()
    carrier.socket.terminate()
    await relay.until(() => expect(relay.calls.events.at(-1)).toEqual(lost(false)))
    expect(relay.calls.view.state).toBe('rejoining')
    expect(relay.agent.latest.closes).toBe(1)
  })

  test('the other half of a message after a call has moved on changes nothing', async () => {
    const carrier = await relay.bridge()
    relay.calls.tell({ type: 'operator.hangupRequested', by: 'ann' })
    carrier.media(frame(1))
    carrier.stop()
    expect(await carrier.whenClosed()).toEqual({ code: 1000, reason: 'the call has moved on' })
    expect(eventTypes()).toEqual(['agent.ready'])
    expect(relay.agent.latest.closes).toBe(1)
  })

  test('a stream that the call has given up closes, and a view from before the join does not end it', async () => {
    const waiting = relay.calls.view
    const carrier = await relay.bridge()
    relay.calls.show(waiting)
    carrier.media(frame(7))
    await relay.until(() => expect(relay.agent.latest.heard).toEqual([frame(7)]))
    relay.calls.tell({ type: 'leg.streamEnded', bridgeNumber: 1 })
    expect(await carrier.whenClosed()).toMatchObject({ code: 1000 })
    expect(relay.calls.events).toHaveLength(1)
  })
})

describe('being let in', () => {
  test('a wrong token is refused', async () => {
    const carrier = await relay.connect()
    carrier.start('guessed')
    expect(await carrier.whenClosed()).toEqual({ code: 1008, reason: 'the token is wrong' })
    expect(relay.agent.connections).toEqual([])
  })

  test('of two streams for one call the second is refused and the first goes on', async () => {
    const first = await relay.bridge()
    const second = await relay.connect()
    second.start(relay.calls.token)
    expect(await second.whenClosed()).toEqual({ code: 1008, reason: 'the token was used before' })
    first.media(frame(3))
    await relay.until(() => expect(relay.agent.latest.heard).toEqual([frame(3)]))
    expect(relay.agent.connections).toHaveLength(1)
  })

  test('a stream that never says `start` is closed', async () => {
    const carrier = await relay.connect()
    carrier.socket.send(JSON.stringify({ event: 'connected', protocol: 'Call', version: '1.0.0' }))
    await relay.until(() => expect(relay.counts.liveSessions).toBe(1))
    relay.clock.advance(4_900)
    expect(carrier.closed).toBeNull()
    relay.clock.advance(600)
    expect(await carrier.whenClosed()).toEqual({ code: 1008, reason: 'no `start` came' })
  })

  test('a stream in a format that nobody here speaks is closed, and why is said', async () => {
    const carrier = await relay.connect()
    carrier.start(relay.calls.token, {
      mediaFormat: { encoding: 'audio/l16', sampleRate: 16000, channels: 1 },
    })
    expect(await carrier.whenClosed()).toEqual({
      code: 1008,
      reason: 'audio is audio/l16 16000 x1, not audio/x-mulaw 8000 x1',
    })
  })

  test('a carrier that goes while it is let in leaves no call waiting', async () => {
    const gate = Promise.withResolvers<void>()
    relay.calls.joinGate = gate.promise
    const carrier = await relay.connect()
    carrier.start(relay.calls.token)
    await relay.until(() => expect(relay.calls.watchers.size).toBe(1))
    carrier.socket.close()
    await carrier.whenClosed()
    gate.resolve()
    await relay.until(() => expect(relay.calls.events).toEqual([lost(false)]))
    expect(relay.agent.connections).toEqual([])
  })

  test('a change that comes while the stream is let in is not missed', async () => {
    const gate = Promise.withResolvers<void>()
    relay.calls.joinGate = gate.promise
    const { join } = relay.calls
    relay.calls.join = async (claim) => {
      const answer = await join.call(relay.calls, claim)
      relay.calls.tell({ type: 'operator.hangupRequested', by: 'ann' })
      return answer
    }
    const carrier = await relay.connect()
    carrier.start(relay.calls.token)
    gate.resolve()
    expect(await carrier.whenClosed()).toEqual({ code: 1000, reason: 'the call has moved on' })
  })

  test('a call that does not answer, or cannot, costs the stream and not the service', async () => {
    relay.calls.fault = 'join'
    const failing = await relay.connect()
    failing.start(relay.calls.token)
    expect(await failing.whenClosed()).toEqual({ code: 1011, reason: 'the call could not be reached' })

    relay.calls.fault = null
    const gate = Promise.withResolvers<void>()
    relay.calls.joinGate = gate.promise
    const hanging = await relay.connect()
    hanging.start(relay.calls.token)
    await relay.until(() => {
      relay.clock.advance(1_000)
      expect(hanging.closed).not.toBeNull()
    })
    expect(hanging.closed).toEqual({ code: 1011, reason: 'the call did not answer in time' })
    gate.resolve()
  })
})

describe('bad messages', () => {
  test('a stranger’s garbage closes its socket at once', async () => {
    for (const garbage of ['not json', '[]', Buffer.from([0, 1, 2])]) {
      const carrier = await relay.connect()
      carrier.socket.send(garbage)
      expect(await carrier.whenClosed()).toMatchObject({ code: 1008 })
    }
    expect(relay.counts.invalidMessages).toBe(3)
  })

  test('in a bridge they are counted and the call goes on', async () => {
    const carrier = await relay.bridge()
    carrier.socket.send('not json')
    carrier.socket.send(Buffer.from([0, 1, 2]))
    carrier.media('!!!!')
    carrier.send('start', { start: {} })
    carrier.media(frame(9))
    await relay.until(() => expect(relay.agent.latest.heard).toEqual([frame(9)]))
    expect(relay.counts.invalidMessages).toBe(4)
    expect(relay.logLines.filter((line) => line.includes('its protocol does not know'))).toHaveLength(1)
  })

  test('a huge one ends the stream and the call is bridged again', async () => {
    const carrier = await relay.bridge()
    carrier.media('A'.repeat(70_000))
    expect(await carrier.whenClosed()).toMatchObject({ code: 1009 })
    await relay.until(() => expect(relay.calls.view.state).toBe('rejoining'))
    relay.calls.tell({ type: 'leg.instructionsRequested' })
    const again = await relay.connect()
    again.start(relay.calls.token)
    await relay.until(() => expect(relay.calls.view.bridge).toBe('talking'))
    expect(relay.calls.view.context.bridgeNumber).toBe(2)
    expect(relay.counts).toMatchObject({ invalidMessages: 1, agentReconnects: 0 })
  })
})

describe('what is said', () => {
  test('is written down in order, and a failure to do so stops nothing', async () => {
    const carrier = await relay.bridge()
    const { says } = relay.agent.latest
    says.userTranscript('Hello?')
    await relay.until(() => expect(relay.calls.turns).toHaveLength(1))
    relay.calls.fault = 'turns'
    says.agentTranscript('my secret number')
    await relay.until(() => expect(relay.logLines.join()).toContain('could not be written'))
    expect(relay.logLines.join()).not.toContain('my secret number')
    relay.calls.fault = null
    says.userTranscript('Are you there?')
    carrier.media(frame(4))
    await relay.until(() =>
      expect(relay.calls.turns.map(({ text }) => text)).toEqual(['Hello?', 'Are you there?']),
    )
    expect(relay.calls.turns[0]).toEqual({
      role: 'caller',
      text: 'Hello?',
      interrupted: false,
      at: new Date(Date.UTC(2026, 0, 1)),
    })
  })
})

describe('a slow side', () => {
  test('the agent: the oldest of the caller’s audio goes, the newest waits', async () => {
    const carrier = await relay.bridge()
    const { latest } = relay.agent
    latest.bufferedBytes = 1_000_000
    for (let sent = 0; sent < 400; sent++) carrier.media(frame(sent))
    await relay.until(() => expect(relay.counts.callerToAgentFrames).toBe(400))
    expect(latest.heard).toEqual([])
    latest.bufferedBytes = 0
    relay.clock.advance(250)
    const kept = latest.heard.length
    expect(kept * frame(0).length).toBeLessThanOrEqual(32 * 1024)
    expect(kept).toBeGreaterThan(100)
    expect(latest.heard).toEqual(Array.from({ length: kept }, (_, index) => frame(400 - kept + index)))
    expect(relay.counts.callerToAgentDropped).toBe(400 - kept)
  })

  test('the carrier: memory stays bounded, a clear comes through, and the agent is heard again', async () => {
    const carrier = await relay.bridge()
    carrier.socket.pause()
    const before = heldBytes()
    // Far more than the kernel keeps for a socket, so that the rest is ours to hold or to give up.
    const sent = 4_000
    for (let second = 0; second < sent; second++) {
      speak(SECOND)
      if (second % 100 === 0) await new Promise(setImmediate)
    }
    expect(relay.counts.agentToCallerDropped).toBeGreaterThan(sent / 4)
    expect(heldBytes() - before).toBeLessThan(2 * 1024 * 1024)
    relay.agent.latest.says.interrupted()
    speak(frame(1))
    carrier.socket.resume()
    await relay.until(() => expect(carrier.count('clear')).toBe(1))
    relay.clock.advance(250)
    await relay.until(() => expect(carrier.heard.at(-1)).toBe(frame(1)))
    expect(carrier.count('media') + relay.counts.agentToCallerDropped).toBe(sent + 1)
  })
})

describe('watchdogs', () => {
  test('a carrier is not blamed for the seconds for which this process stood still', async () => {
    const carrier = await relay.bridge()
    relay.clock.standStill(SILENCE_TIMEOUT_MS * 3)
    relay.clock.advance(SILENCE_TIMEOUT_MS - 1_000)
    expect(relay.media.liveSessions).toBe(1)
    relay.clock.advance(1_000)
    expect(await carrier.whenClosed()).toEqual({ code: 1008, reason: 'the carrier fell silent' })
  })

  test('a carrier that falls silent is taken to be gone', async () => {
    const carrier = await relay.bridge()
    relay.clock.advance(SILENCE_TIMEOUT_MS - 500)
    carrier.media(frame(1))
    await relay.until(() => expect(relay.agent.latest.heard).toHaveLength(1))
    relay.clock.advance(SILENCE_TIMEOUT_MS - 500)
    expect(carrier.closed).toBeNull()
    relay.clock.advance(1_000)
    expect(await carrier.whenClosed()).toEqual({ code: 1008, reason: 'the carrier fell silent' })
    expect(relay.calls.events.at(-1)).toEqual(lost(false))
  })

  test('garbage is no sign of life', async () => {
    const carrier = await relay.bridge()
    for (let second = 0; second <= SILENCE_TIMEOUT_MS / 1000 && carrier.closed === null; second++) {
      carrier.socket.send('garbage')
      const seen = second + 1
      await relay.until(() => expect(relay.counts.invalidMessages).toBe(seen))
      relay.clock.advance(1_000)
    }
    expect(await carrier.whenClosed()).toMatchObject({ code: 1008 })
  })

  test('a carrier that does not answer the close is cut off', async () => {
    const carrier = await relay.bridge()
    carrier.socket.pause()
    relay.calls.tell({ type: 'operator.hangupRequested', by: 'ann' })
    expect(relay.counts.liveSessions).toBe(1)
    relay.clock.advance(5_250)
    await relay.until(() => expect(relay.counts.liveSessions).toBe(0))
    carrier.socket.resume()
    expect(await carrier.whenClosed()).toMatchObject({ code: expect.any(Number) })
  })

  test('a session whose call does not answer ends, and tells it when it does', async () => {
    const carrier = await relay.bridge()
    const gate = Promise.withResolvers<void>()
    relay.calls.sendGate = gate.promise
    carrier.stop()
    await carrier.whenClosed()
    relay.clock.advance(5_250)
    await relay.until(() => expect(relay.counts.liveSessions).toBe(0))
    expect(relay.logLines.filter((line) => line.includes('before its call could be told'))).toHaveLength(1)
    gate.resolve()
    await relay.until(() => expect(eventTypes()).toContain('media.lost'))
  })
})

test('a mark a second, and one when the agent pauses', async () => {
  const carrier: Carrier = await relay.bridge()
  for (let sent = 0; sent < 75; sent++) speak(frame(sent))
  await relay.until(() => expect(carrier.heard).toHaveLength(75))
  expect(carrier.marks).toHaveLength(1)
  relay.clock.advance(500)
  await relay.until(() => expect(carrier.marks).toHaveLength(2))
  relay.clock.advance(2_000)
  speak(frame(1))
  await relay.until(() => expect(carrier.heard).toHaveLength(76))
  expect(carrier.marks).toHaveLength(2)
})

/** Bytes in buffers that are still of use to someone. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Buffers found dead by one collection are given back at the beginning of the next.
  collect()
  collect()
  return process.memoryUsage().arrayBuffers
}
