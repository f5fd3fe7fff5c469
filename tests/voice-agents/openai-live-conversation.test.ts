import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ClosedReason } from '../../src/simulator/openai/live/live-end.ts'
import { neverLate } from '../support/never-late.ts'
import { AGENT, stage } from './openai-live-stage.ts'

/* What is OpenAI Live's alone; what every backend keeps to is said in tests/contracts/. */

const said = (role: 'caller' | 'agent', text: string, heard?: string) => ({
  role,
  text,
  ...(heard !== undefined && { heard }),
  interrupted: heard !== undefined,
  at: new Date(0),
})

describe('a session', () => {
  test('is begun as a telephone line, with all that the agent is set up with', async () => {
    const { end, talk } = await stage()
    const agent = { ...AGENT, instructions: 'Sell shoes.', language: 'de', model: 'gpt-live-1' }
    await talk({ request: { agent, voiceId: 'voice_7' } })
    expect(end.record?.config).toEqual({
      model: 'gpt-live-1',
      instructions: 'Sell shoes.\n\nSpeak in the language with the tag de.',
      audio: { format: { type: 'audio/pcmu', rate: 8000 }, output: { voice: { id: 'voice_7' } } },
      store: false,
    })
  })

  test('begins with the words to be said, in pieces that the vendor takes', async () => {
    const { end, dial } = await stage()
    const firstMessage = 'Shoes and more. '.repeat(80).trim()
    dial({ request: { agent: { ...AGENT, firstMessage } } })
    await end.admitted()
    await vi.waitFor(() => expect(end.sent('session.commentary.append')).toHaveLength(3))
    const pieces = end.sent('session.commentary.append').map(({ content }) => content)
    expect(pieces.join('')).toBe(firstMessage)
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(500)
    expect(end.record?.errors).toEqual([])
  })

  test('that goes on knows what was heard of what was said, and as much of it as it may', async () => {
    const { end, talk } = await stage()
    const conversationSoFar = [
      ...Array.from({ length: 200 }, (_, index) => said('caller', `Word ${index}.`)),
      said('agent', 'Unheard.', ''),
      said('agent', 'We have shoes and boots.', 'We have shoes'),
    ]
    await talk({ request: { conversationSoFar } })
    const input = end.record?.config?.input ?? []
    expect(input).toHaveLength(128)
    expect(input.at(-2)).toMatchObject({ role: 'user', content: [{ type: 'input_text', text: 'Word 199.' }] })
    expect(input.at(-1)).toMatchObject({
      role: 'assistant',
      content: [{ type: 'output_text', text: 'We have shoes' }],
    })
    expect(end.sent('session.commentary.append')[0]?.content).toMatch(/interrupted .* restored/)
  })

  test('does without a voice that the vendor has not', async () => {
    const { end, dial } = await stage()
    const { agent } = dial({ request: { voiceId: 'parrot' } })
    await vi.waitFor(() =>
      expect(agent.reports).toEqual(['refused voice; voice null', expect.stringMatching(/^ready /)]),
    )
    expect(end.record?.errors).toEqual([expect.stringContaining("'parrot'")])
  })

  test('with a model that the account has not is a loss for good, in the vendor’s words', async () => {
    const { dial } = await stage()
    const { agent } = dial({ request: { agent: { ...AGENT, model: 'parrot-1' } } })
    expect(await agent.over).toBe('lost model_not_found')
    expect(agent.detail).toContain('parrot-1')
    expect(agent.isPermanent).toBe(true)
  })

  test('is not asked for without a key', async () => {
    const { vendor, dial } = await stage()
    const { agent } = dial({ apiKey: null })
    expect(await agent.over).toBe('lost no_key')
    expect(vendor.live.records.size).toBe(0)
  })

  test('that is closed from here is closed in good order', async () => {
    const { end, talk } = await stage()
    const { connection } = await talk()
    connection.close()
    await vi.waitFor(() => expect(end.sent('session.close')).toHaveLength(1))
  })
})

describe('the end of a session', () => {
  const ends: [ClosedReason, string, boolean][] = [
    ['close_requested', 'ended', false],
    ['remote_hangup', 'ended', false],
    ['expired', 'lost expired', false],
    ['connection_lost', 'lost connection_lost', false],
    ['content', 'lost content', true],
  ]
  test.each(ends)('by %s is told as "%s"; for good: %s', async (reason, report, isPermanent) => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    end.says('output', 'I have')
    end.session?.close(reason)
    expect(await agent.over).toBe(report)
    expect(agent.isPermanent).toBe(isPermanent)
    expect(agent.reports).toEqual(['agent: I have', report])
  })

  test('is a loss where the socket closes and the vendor says nothing of it', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    end.session?.closeSocket(1000)
    expect(await agent.over).toBe('lost closed_1000')
    expect(agent.isPermanent).toBe(false)
  })
})

describe('what is said', () => {
  test('is told in sentences, of each side, whatever pieces it comes in', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    for (const delta of ['Hel', 'lo. It', ' costs 3.', '5 euros', '!', ' And']) end.says('output', delta)
    end.says('input', ' Oh?\0')
    end.says('output', ' boots.')
    await end.settled()
    expect(agent.reports).toEqual(['agent: Hello. It costs 3.5 euros!', 'agent: And boots.'])
  })

  test('ends with a pause, on the session’s timeline or in our time', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    end.says('input', 'Well', 0, 300)
    end.says('input', ' then', 300, 600)
    end.says('input', 'boots', 4_000, 4_300)
    await end.settled()
    expect(agent.reports).toEqual(['caller: Well then'])
    await vi.waitFor(() => expect(agent.reports).toEqual(['caller: Well then', 'caller: boots']), 3_000)
  })

  test('is heard, silence apart', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    for (const bytes of [Buffer.alloc(160, 0xff), Buffer.alloc(160, 0x33), Buffer.alloc(800, 0xff)])
      end.speak(bytes.toString('base64'))
    await end.settled()
    expect(agent.reports).toEqual([`audio ${Buffer.alloc(160, 0x33).toString('base64')}`])
  })

  test('by keys is told like a sentence of the caller’s', async () => {
    const { end, talk } = await stage()
    const { agent, connection } = await talk()
    connection.sendDtmf('47#')
    await vi.waitFor(() => expect(end.texts.at(-1)).toContain('I pressed 4 7 #'))
    expect(agent.reports).toEqual(['caller: (I pressed 4 7 # on the keypad.)'])
  })
})

test('a task that nobody here can do is answered', async () => {
  const { end, talk } = await stage()
  await talk()
  end.session?.delegate('dlg_1')
  await vi.waitFor(() =>
    expect(end.sent('session.commentary.append').at(-1)).toMatchObject({ delegation_id: 'dlg_1' }),
  )
  expect(end.record?.errors).toEqual([])
})

test.each([
  '{"type":"session.output_audio.delta","delta":"not base64"}',
  '{"type":"session.output_audio.delta","delta":7}',
  '{"type":"session.output_transcript.delta","delta":null,"start_ms":0,"end_ms":1}',
  '{"type":"session.output_transcript.delta","delta":"x","start_ms":-1,"end_ms":"soon"}',
  '{"type":"session.closed","reason":{"__proto__":1}}',
  '{"type":"session.closed","reason":"a b"}',
  '{"type":"session.delegation.created","delegation":{"id":"\\n"}}',
  '{"type":"error","error":null}',
  '{"type":"error","error":{"code":"news","message":7}}',
  '{"type":"constructor"}',
])('%s ends no conversation, and nothing is told of it', async (odd) => {
  const { end, talk } = await stage()
  const { agent } = await talk()
  end.sendRaw(odd)
  end.speak('AAAA')
  await end.settled()
  expect(agent.reports).toEqual(['audio AAAA'])
})

describe('the time of a session', () => {
  const MINUTE = 60_000
  beforeEach(() => {
    neverLate()
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
    })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  async function passes(milliseconds: number): Promise<void> {
    for (let left = milliseconds; left > 0; left -= MINUTE / 2) {
      vi.advanceTimersByTime(Math.min(left, MINUTE / 2))
      await new Promise(setImmediate)
    }
  }

  test('is over, and the next one goes on unheard, with what was said', async () => {
    const { vendor, end, talk } = await stage({ keepsCallerAudio: true })
    const { agent, connection } = await talk({ silenceTimeoutMs: 120 * MINUTE })
    end.says('output', 'We have shoes.')
    await end.settled()
    const [before = ''] = vendor.live.openIds
    await passes(58 * MINUTE)
    expect(vendor.live.openIds).toEqual([before])
    await passes(MINUTE + 2_000)
    await end.admitted()
    vendor.live
      .session(before)
      .sendRaw('{"type":"session.input_transcript.delta","delta":"Boots.","start_ms":1,"end_ms":2}')
    await vendor.live.session(before).taken()
    await passes(5_000)
    await vi.waitFor(() => expect(vendor.live.openIds).not.toContain(before))
    expect(vendor.live.records.get(before)?.events.at(-1)?.type).toBe('session.close')
    expect(end.record?.config?.input).toHaveLength(1)
    await vi.waitFor(() => expect(end.texts).toEqual(['We have shoes.', 'The caller said: Boots.']))
    expect(end.sent('session.commentary.append')).toEqual([])
    connection.sendAudio(Buffer.from('AAAA'))
    await vi.waitFor(() => expect(end.record?.callerAudio).toHaveLength(1))
    expect(agent.ends).toEqual([])
  })
})
