import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { MU_LAW_SILENCE } from '../../src/audio/mulaw.ts'
import { clonedVoicesCheck } from '../../src/doctor/cloned-voices.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import { AGENT_VOICE_ID, DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { examine } from '../doctor/examine.ts'
import type { StoryCall } from '../support/story-call.ts'
import { until } from '../support/until.ts'
import { AGENT, World } from '../support/world.ts'

/* The voice agent fails in every way that a socket to it can. */

/** A lost agent is tried again for ten seconds, which pass as they do. */
vi.setConfig({ testTimeout: 60_000 })

/** Larger than any message that the service takes from an agent. */
const HUGE = Buffer.alloc(3 * 1024 * 1024, 'x')
/** One more than are forgiven. */
const TOO_MUCH_GARBAGE = 21

describe('When the agent', () => {
  let world: World
  beforeAll(async () => {
    world = await World.begin({ settings: { SILENCE_TIMEOUT_SECONDS: '3' } })
  })
  afterEach(() => world.mend())
  afterAll(() => world.end())

  /** A call whose agent has begun to greet the caller. */
  async function greeted(): Promise<StoryCall> {
    const call = world.call(world.newCaller())
    await call.hasTurns(1)
    return call
  }

  async function dropAgent(call: StoryCall): Promise<void> {
    const conversation = (await call.conversations()).at(-1)
    world.vendor.dropAgentSocket(conversation?.conversationId ?? '')
  }

  /** What was written down of the call, whole. */
  async function recordOf(call: StoryCall): Promise<{ type: string; event: object }[]> {
    return world.db.query('select type, event from call_event where call_id = $1 order by seq', [
      await call.id(),
    ])
  }

  async function hangUp(call: StoryCall): Promise<void> {
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  }

  const health = async () => (await fetch(`${world.node.origin}/health`)).json()

  const streams = (call: StoryCall) =>
    call.line.timeline.filter(({ type }) => type === 'stream-opened').length

  const apologies = (call: StoryCall) =>
    call.line.timeline.filter(
      (entry) =>
        entry.type === 'verb-started' && entry.verb === 'Say' && entry.detail.startsWith('I am sorry'),
    ).length

  it('drops the line in mid-word, it is reached once more with the conversation so far, and then no more', async () => {
    const call = await greeted()
    await dropAgent(call)
    const again = await call.conversation(2)
    await until('the agent is told what was said', () =>
      again.contextualUpdates.join().includes(DEMO_SCRIPT.firstMessage),
    )
    await call.reaches('bridged.talking')
    expect(streams(call)).toBe(1)
    await dropAgent(call)
    expect(await call.outcome()).toBe('agent_lost')
    expect(apologies(call)).toBe(1)
    expect(await call.conversations()).toHaveLength(2)
  })

  it('does not answer, is tried once more, and the caller hears an apology', async () => {
    world.vendor.hangSignedUrl = true
    const requests = world.vendor.signedUrlRequests
    const call = world.call(world.newCaller())
    await call.reaches('bridged.connecting')
    await world.passTime(10_000)
    await call.reaches('bridged.reconnecting')
    await world.passTime(10_000)
    expect(await call.outcome()).toBe('agent_unreachable')
    expect(apologies(call)).toBe(1)
    expect(world.vendor.signedUrlRequests).toBe(requests + 2)
  })

  it('is hidden behind a page of HTML, is tried once more, and the caller hears an apology', async () => {
    world.vendor.answerHtml = 502
    const call = world.call(world.newCaller())
    await world.agentStaysAway(call)
    expect(await call.outcome()).toBe('agent_unreachable')
    expect(apologies(call)).toBe(1)
  })

  it('is answered for with HTML and status 200, is tried once more, and the caller hears an apology', async () => {
    world.vendor.answerHtml = 200
    const call = world.call(world.newCaller())
    await world.agentStaysAway(call)
    expect(await call.outcome()).toBe('agent_unreachable')
    expect(apologies(call)).toBe(1)
  })

  it('refuses its socket, is tried once more, and the caller hears an apology', async () => {
    world.vendor.refuseAgentSockets = true
    const requests = world.vendor.signedUrlRequests
    const call = world.call(world.newCaller())
    expect(await call.outcome()).toBe('agent_unreachable')
    expect(world.vendor.signedUrlRequests).toBeGreaterThan(requests + 2)
    expect(apologies(call)).toBe(1)
    const lost = (await recordOf(call)).find(({ type }) => type === 'agent.lost')
    expect(lost?.event).toMatchObject({ cause: 'http_503', detail: expect.stringMatching(/^503 /) })
  })

  it('refuses the caller’s voice, the caller speaks with it in its own, and is not told to hear an apology', async () => {
    const agent = world.vendor.agents.get(AGENT)
    if (!agent) throw new Error('There is no agent.')
    const overrides = { ...agent.platform_settings.overrides, conversation_config_override: {} }
    world.vendor.agents.set(AGENT, {
      ...agent,
      platform_settings: { ...agent.platform_settings, overrides },
    })
    const call = world.call(await world.newCallerWithVoice())
    await call.reaches('bridged.talking')
    const events = await recordOf(call)
    expect(events.map(({ type }) => type)).not.toContain('agent.lost')
    expect(events.find(({ type }) => type === 'agent.overrideRefused')?.event).toMatchObject({
      override: 'voice',
      voiceId: null,
      isGone: false,
      detail: expect.stringContaining('tts.voice_id'),
    })
    expect(await (await fetch(`${world.node.origin}/health`)).json()).toMatchObject({
      elevenlabs: 'agent refuses voice',
    })
    world.vendor.agents.set(AGENT, agent)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('is asked for a voice that was deleted at the vendor, the caller speaks with it in its own, and has theirs anew next time', async () => {
    const caller = await world.newCallerWithVoice()
    const first = await world.call(caller).reaches('bridged.talking')
    const deleted = (await first.conversation(1)).voiceId ?? ''
    await hangUp(first)
    world.vendor.voices.delete(deleted)
    const doctor = () => examine(clonedVoicesCheck, world.settings)
    expect(await doctor()).toMatchObject([
      { verdict: 'warn', finding: expect.stringContaining('no longer has 1 of ') },
    ])

    const second = await world.call(caller).reaches('bridged.talking')
    const words = {
      override: 'voice',
      voiceId: null,
      isGone: true,
      detail: expect.stringContaining('not found'),
    }
    const events = await recordOf(second)
    expect(events.map(({ type }) => type)).not.toContain('agent.lost')
    expect(events.find(({ type }) => type === 'agent.overrideRefused')?.event).toMatchObject(words)
    expect((await second.conversations()).at(-1)?.voiceId).toBe(AGENT_VOICE_ID)
    expect(apologies(second)).toBe(0)
    expect(await health()).toMatchObject({ elevenlabs: expect.stringContaining('a voice is gone') })
    const headers = { authorization: `Bearer ${world.adminKey}` }
    const metrics = await (await fetch(`${world.node.origin}/metrics`, { headers })).text()
    expect(metrics).toContain('precall_agent_refusals_total{override="voice",reason="gone"} 1')
    await until('the clone is forgotten', async () => {
      const kept = await world.db.query('select 1 from voice_clone_cache where vendor_voice_id = $1', [
        deleted,
      ])
      return kept.length === 0
    })
    await hangUp(second)

    const third = await world.call(caller).reaches('bridged.talking')
    const { voiceId } = await third.conversation(1)
    expect(voiceId).not.toBe(deleted)
    expect(world.vendor.voices.get(voiceId ?? '')?.category).toBe('cloned')
    expect(await health()).toMatchObject({ elevenlabs: 'ok' })
    expect(await doctor()).toMatchObject([{ verdict: 'ok' }])
    await hangUp(third)
  })

  it('fails only once, the caller speaks with it all the same', async () => {
    world.vendor.failNext('signedUrl', [{ status: 500 }])
    const call = await greeted()
    expect(streams(call)).toBe(1)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('is set up for audio that we do not speak, the caller hears an apology at once and no noise', async () => {
    const agent = world.vendor.agents.get(AGENT)
    if (!agent) throw new Error('There is no agent.')
    const { conversation_config: settings } = agent
    // A format of tomorrow's, which the simulated vendor does not let anybody set.
    const tts = { ...settings.tts, agent_output_audio_format: 'opus_48000' as 'pcm_48000' }
    world.vendor.agents.set(AGENT, { ...agent, conversation_config: { ...settings, tts } })
    const call = world.call(world.newCaller())
    expect(await call.outcome()).toBe('agent_unreachable')
    world.vendor.agents.set(AGENT, agent)
    // To try again would change nothing.
    expect(await call.conversations()).toHaveLength(1)
    expect(apologies(call)).toBe(1)
    const word = speak(DEMO_SCRIPT.firstMessage)
    expect(call.caller.heard.includes(word.subarray(0, 800))).toBe(false)
  })

  it('hangs up while its last word is still being played, the caller hears it to the end', async () => {
    const word = speak(DEMO_SCRIPT.firstMessage)
    const call = await greeted()
    const conversation = await call.conversation(1)
    const firstHalf = soundOf(word.subarray(0, word.length / 2))
    await until('the caller has heard half of it', () => soundOf(call.caller.heard).includes(firstHalf))
    // The vendor sends four times as fast as the word is spoken.
    await until('all of it is sent', () => conversation.audioBytesSent >= word.length)
    world.vendor.closeAgent(1000, conversation.conversationId)
    expect(await call.outcome()).toBe('agent_ended')
    expect(soundOf(call.caller.heard).includes(soundOf(word))).toBe(true)
    expect(apologies(call)).toBe(0)
  })

  it('is talked over, falls silent at once, and its words are marked as cut short', async () => {
    const call = await greeted()
    call.speak(2_000)
    const { unheardMs } = await call.sees('cleared')
    expect(unheardMs).toBeGreaterThan(0)
    await call.hasTurns(2)
    const answer = await world.admin(`/calls/${await call.id()}/conversation`)
    const { turns } = (await answer.json()) as {
      turns: { text: string; heard?: string; interrupted: boolean }[]
    }
    expect(turns[0]).toMatchObject({ text: DEMO_SCRIPT.firstMessage, interrupted: true })
    expect(DEMO_SCRIPT.firstMessage.startsWith(turns[0]?.heard ?? '?')).toBe(true)
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('says nothing that makes sense, it is forgiven a little and then reached anew', async () => {
    const call = await greeted()
    const { conversationId } = await call.conversation(1)
    for (let i = 0; i < TOO_MUCH_GARBAGE; i++) {
      world.vendor.sendGarbage(conversationId, i % 2 ? '{"type":' : Buffer.from([0, 255]))
    }
    await call.conversation(2)
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('sends a message of three megabytes, it is reached anew', async () => {
    const call = await greeted()
    world.vendor.sendGarbage((await call.conversation(1)).conversationId, HUGE.toString())
    await call.conversation(2)
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it('says nothing at all any more, it is reached anew', async () => {
    const call = await greeted()
    world.vendor.stopPinging = true
    await call.conversation(2)
    world.vendor.stopPinging = false
    await call.reaches('bridged.talking')
    call.hangUp()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})

/** What is no silence of it: on a busy machine a moment of silence may stand between two frames of a word. */
function soundOf(audio: Buffer): Buffer {
  return Buffer.from(audio.filter((sample) => sample !== MU_LAW_SILENCE))
}
