import { describe, expect, test, vi } from 'vitest'
import { QUOTA, TOO_MANY, UNAUTHORIZED } from '../../src/simulator/openai/faults.ts'
import { AGENT, stage } from './openai-stage.ts'

/** So many milliseconds of mu-law silence, as base64. */
const sound = (milliseconds: number) => Buffer.alloc(milliseconds * 8, 0xff).toString('base64')
const WORDS = 'One two three four.'
const said = (heard?: string) =>
  ({ role: 'agent', text: WORDS, interrupted: false, at: new Date(0), heard }) as const

describe('a conversation begins', () => {
  test('as a telephone line, with all that the agent is set up with', async () => {
    const { end, talk } = await stage()
    await talk({
      request: {
        voiceId: 'cedar',
        agent: {
          ...AGENT,
          instructions: 'Sell shoes.',
          language: 'pt-BR',
          turnDetection: { type: 'server_vad', silenceDurationMs: 300 },
        },
      },
    })
    expect(end.record?.settings).toMatchObject({
      voice: 'cedar',
      inputFormat: 'audio/pcmu',
      outputFormat: 'audio/pcmu',
      transcription: { model: 'gpt-realtime-whisper', language: 'pt' },
      turnDetection: { type: 'server_vad', silenceDurationMs: 300, interruptsResponse: true },
    })
    expect(end.record?.settings.instructions).toMatch(/^Sell shoes\.\n\n.*pt-BR/)
    expect(end.record?.errors).toEqual([])
  })

  test('with the agent’s first message, word for word, or a greeting by its instructions', async () => {
    const { end, talk } = await stage()
    await talk({ request: { agent: { ...AGENT, firstMessage: 'Shoes and more.' } } })
    expect(end.sent('response.create')[0]?.response?.instructions).toMatch(
      /exactly this.*: Shoes and more\.$/,
    )
    await talk({ request: { agent: { ...AGENT, instructions: 'Sell shoes.' } } })
    expect(end.sent('response.create')[0]?.response?.instructions).toMatch(/^Sell shoes\..*Greet the caller/s)
  })

  test('anew where one was cut off, with what was heard and without a greeting', async () => {
    const { end, talk } = await stage()
    const conversationSoFar = [said('One two'), said(''), { ...said(), role: 'caller' as const }]
    await talk({ request: { conversationSoFar } })
    expect(end.texts).toEqual(['One two', WORDS, expect.stringContaining('is restored')])
    expect(end.record?.items.map((item) => item.type === 'message' && item.role)).toEqual([
      'assistant',
      'user',
      'user',
    ])
    expect(end.sent('response.create')[0]?.response).toBeUndefined()
  })

  test('without a voice that the vendor does not have, which the call is told', async () => {
    const { end, dial } = await stage()
    const { agent } = dial({ request: { voiceId: 'a-clone-of-elevenlabs' } })
    await vi.waitFor(() => expect(agent.reports).toHaveLength(2))
    expect(agent.reports).toEqual(['refused voice; voice null', expect.stringMatching(/^ready/)])
    expect(end.record?.settings.voice).toBe('marin')
  })

  test('without what cannot be written down', async () => {
    const { vendor, end, dial } = await stage()
    vendor.outgoing = null
    const { agent } = dial({ request: { agent: { ...AGENT, language: null } }, transcribeModel: 'parrot-1' })
    await vi.waitFor(() => expect(agent.reports).toEqual([expect.stringMatching(/^ready/)]))
    expect(end.record?.settings.transcription).toBeNull()
  })
})

describe('a conversation cannot be had', () => {
  test.each([
    ['a wrong key', UNAUTHORIZED, 'http_401', true, 'invalid_api_key'],
    ['an account without money', QUOTA, 'http_429', true, 'insufficient_quota'],
    ['too many of them', TOO_MANY, 'http_429', false, 'rate_limit_exceeded'],
    ['a broken proxy', { status: 502, body: '<h1>Bad Gateway</h1>' }, 'http_502', false, 'Bad Gateway'],
    ['a proxy that asks for a password', { status: 401, body: '<h1>No</h1>' }, 'http_401', false, 'No'],
  ])('with %s', async (_, refusal, cause, isPermanent, words) => {
    const { vendor, dial } = await stage()
    vendor.refuseNext.push(refusal)
    const { agent } = dial()
    expect(await agent.over).toBe(`lost ${cause}`)
    expect(agent.isPermanent).toBe(isPermanent)
    expect(agent.detail).toContain(words)
    expect(agent.detail).not.toMatch(/sk-/)
  })

  test('without a key, or with one that is none', async () => {
    const { dial } = await stage()
    for (const [apiKey, cause] of [
      [null, 'no_key'],
      ['two\nlines', 'bad_address'],
    ] as const) {
      const { agent } = dial({ apiKey })
      expect(await agent.over).toBe(`lost ${cause}`)
      expect(agent.isPermanent).toBe(true)
      expect(agent.detail).toContain('OPENAI_API_KEY')
    }
  })

  test('with a model that the account does not have', async () => {
    const { dial } = await stage()
    const { agent } = dial({ request: { agent: { ...AGENT, model: 'parrot-1' } } })
    expect(await agent.over).toBe('lost model_not_found')
    expect(agent.isPermanent).toBe(true)
    expect(agent.detail).toContain('parrot-1')
  })

  test('when the vendor refuses what cannot be left out', async () => {
    const { vendor, dial } = await stage()
    vendor.outgoing = (event) =>
      event.type === 'session.updated'
        ? [
            {
              type: 'error',
              error: {
                type: 'invalid_request_error',
                code: 'odd',
                param: 'session.tools',
                event_id: 'set-up',
              },
            },
          ]
        : [event]
    const { agent } = dial()
    expect(await agent.over).toBe('lost odd')
    expect(agent.isPermanent).toBe(true)
  })
})

describe('the caller cuts in', () => {
  test('what was not heard is taken out of the vendor’s memory, and out of the words', async () => {
    const { end, talk } = await stage()
    const { agent, connection } = await talk()
    agent.onReport = (report) => report === 'interrupted' && connection.truncate(1_500)
    const response = end.answers()
    const [first, second] = [end.speak(sound(1_000)), end.speak(sound(1_000))]
    end.says(WORDS, first)
    end.says(WORDS, second)
    end.callerStarts()
    end.speak(sound(200), second, response)
    end.says('Too late.', second, response)
    await end.settled()
    expect(agent.reports.filter((report) => !report.startsWith('audio'))).toEqual([
      `agent: ${WORDS}`,
      `agent: ${WORDS}`,
      'interrupted',
      'spoken: One two',
      'spoken: ',
    ])
    expect(agent.reports.filter((report) => report.startsWith('audio'))).toHaveLength(2)
    await vi.waitFor(() => expect(end.record?.deletions).toHaveLength(1))
    expect(end.record?.truncations).toEqual([{ itemId: first, audioEndMs: 500, beforeMs: 1_000 }])
    expect(end.record?.deletions).toMatchObject([{ itemId: second }])
    expect(end.record?.errors).toEqual([])
  })

  test('while the agent still speaks: what it has begun to say is told first', async () => {
    const { end, talk } = await stage()
    const { agent, connection } = await talk()
    agent.onReport = (report) => report === 'interrupted' && connection.truncate(500)
    end.answers()
    const item = end.speak(sound(1_000))
    const at = { response_id: end.responseId, item_id: item, output_index: 0, content_index: 0 }
    end.send('response.output_audio_transcript.delta', { ...at, delta: WORDS })
    end.callerStarts()
    await end.settled()
    expect(agent.reports.slice(1)).toEqual([`agent: ${WORDS}`, 'interrupted', 'spoken: One two'])
  })

  test('on nobody: an agent that has long been silent is not interrupted', async () => {
    const { end, talk } = await stage()
    vi.useFakeTimers({ toFake: ['performance'] })
    const { agent } = await talk()
    vi.advanceTimersByTime(5_000)
    end.callerStarts()
    end.callerStops()
    end.callerSaid('Hello?')
    await end.settled()
    vi.useRealTimers()
    expect(agent.reports).toEqual(['caller: Hello?'])
  })

  test('with a key, which silences the agent and is answered when that is over', async () => {
    const { end, talk } = await stage()
    const { agent, connection } = await talk()
    const response = end.answers()
    end.speak(sound(1_000))
    await end.settled()
    connection.sendDtmf('47')
    await vi.waitFor(() => expect(end.texts).toContain('(I pressed 4 7 on the keypad.)'))
    expect(agent.reports.slice(1)).toEqual(['interrupted', 'caller: (I pressed 4 7 on the keypad.)'])
    expect(end.sent('response.cancel')).toHaveLength(1)
    expect(end.sent('response.create')).toHaveLength(1)
    end.isDone('cancelled', { reason: 'client_cancelled' }, response)
    await vi.waitFor(() => expect(end.sent('response.create')).toHaveLength(2))
  })
})

describe('the agent', () => {
  test('whose answer fails is asked once more, and then is lost', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    const error = { type: 'server_error', code: 'server_error', message: 'Try later.' }
    end.answers()
    end.isDone('failed', { error })
    await vi.waitFor(() => expect(end.sent('response.create')).toHaveLength(2))
    end.answers()
    end.isDone('failed', { error })
    expect(await agent.over).toBe('lost server_error')
    expect(agent.detail).toBe('server_error: Try later.')
    expect(agent.isPermanent).toBe(false)
  })

  test('whose account has run dry is lost at once, and for good', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    end.answers()
    end.isDone('failed', { error: { type: 'insufficient_quota', code: 'insufficient_quota' } })
    expect(await agent.over).toBe('lost insufficient_quota')
    expect(agent.isPermanent).toBe(true)
  })

  test('that had begun by itself is asked again when it has ended', async () => {
    const { end, talk } = await stage()
    const { connection } = await talk()
    connection.sendDtmf('1')
    await vi.waitFor(() => expect(end.sent('response.create')).toHaveLength(2))
    end.answers()
    end.send('error', {
      error: { type: 'invalid_request_error', code: 'conversation_already_has_active_response' },
    })
    end.isDone()
    await vi.waitFor(() => expect(end.sent('response.create')).toHaveLength(3))
  })

  test('hangs up by its tool, after its last words', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    const response_id = end.answers()
    end.speak('AAAA')
    end.send('response.function_call_arguments.done', {
      response_id,
      item_id: 'item_1',
      call_id: 'call_1',
      name: 'end_call',
      arguments: '{}',
    })
    end.isDone()
    expect(await agent.over).toBe('ended')
    expect(agent.reports).toEqual(['audio AAAA', 'ended'])
  })

  test('is told of a tool that this line does not have, and goes on', async () => {
    const { end, talk } = await stage()
    await talk()
    const response_id = end.answers()
    end.send('response.function_call_arguments.done', {
      response_id,
      item_id: 'item_1',
      call_id: 'call_1',
      name: 'weather',
      arguments: '{}',
    })
    end.isDone()
    await vi.waitFor(() => expect(end.sent('response.create')).toHaveLength(2))
    expect(JSON.stringify(end.sent('conversation.item.create'))).toContain('no tool called weather')
  })

  test('is not lost over complaints, words that cannot be written down, and what comes twice or in another order', async () => {
    const { vendor, end, talk } = await stage()
    const { agent } = await talk()
    vendor.outgoing = (event) => [event, event]
    const response = end.answers()
    const item = end.speak('AAAA')
    for (let i = 0; i < 2; i++) end.says(WORDS, item)
    end.isDone()
    end.isDone()
    end.speak('BBBB', item, response)
    end.send('error', { error: { type: 'invalid_request_error', code: 'item_not_found', message: 'No.' } })
    end.send('error', { error: { type: 'server_error' } })
    const failed = 'conversation.item.input_audio_transcription.failed'
    end.send(failed, { item_id: 'item', content_index: 0, error: { code: 'audio_unintelligible' } })
    end.callerStops()
    await end.settled()
    expect(agent.reports).toEqual(['audio AAAA', `agent: ${WORDS}`, 'audio BBBB'])
  })

  test('that sends more at once than anybody can speak is lost', async () => {
    const { end, talk } = await stage()
    const { agent } = await talk()
    end.sendRaw('x'.repeat(5 * 1024 * 1024))
    expect(await agent.over).toBe('lost connection_broken')
    expect(agent.detail).toBe('WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
  })

  test.each([
    [1001, 'closed_1001'],
    [1008, 'closed_1008'],
    [1011, 'closed_1011'],
  ])('that closes with %i is lost, and may be tried again', async (code, cause) => {
    const { vendor, end, talk } = await stage()
    const { agent } = await talk()
    vendor.session(end.liveId ?? '').close(code, 'Going away')
    expect(await agent.over).toBe(`lost ${cause}`)
    expect([agent.detail, agent.isPermanent]).toEqual(['Going away', false])
  })
})
