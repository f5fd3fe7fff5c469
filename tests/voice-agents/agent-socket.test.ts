import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, test, vi } from 'vitest'
import { refusal } from '../../src/voice-agents/elevenlabs/errors.ts'
import { AgentStage, turn } from './agent-stage.ts'
import { connect } from './recorded-agent.ts'

/*
 * How a conversation with an agent can fail and end. Whatever the vendor does, the listener hears of exactly one end.
 */

const CONNECT_MS = 8_000
const CLOSE_MS = 2_000

const stage = AgentStage.set()

describe('an agent without an address', () => {
  test('is lost', async () => {
    const { agent } = connect(() => Promise.reject(new Error('The vendor is down.')))
    expect(await agent.over).toBe('lost no_address')
  })

  test.each(['', 'hello', 'https://example.com/', 'ftp://127.0.0.1/'])(
    'because it is "%s" is lost',
    async (url) => {
      const { agent } = connect(url)
      expect(await agent.over).toMatch(/^lost (bad_address|connection_refused)$/)
      expect(agent.reports).toHaveLength(1)
    },
  )

  test('in time is lost, and nobody asks on', async () => {
    const { promise, reject } = Promise.withResolvers<string>()
    let signal: AbortSignal | undefined
    const { agent } = connect((given) => {
      signal = given
      given.addEventListener('abort', () => reject(given.reason))
      return promise
    })
    vi.advanceTimersByTime(CONNECT_MS)
    expect(agent.reports).toEqual(['lost connect_timeout'])
    expect(signal?.aborted).toBe(true)
    await turn()
    expect(agent.reports).toEqual(['lost connect_timeout'])
  })

  test('until it is too late is not dialled', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()
    const { agent, connection } = connect(() => promise)
    connection.close()
    resolve(stage.vendor.url)
    await turn()
    expect(agent.reports).toEqual([])
    expect(stage.vendor.upgrades).toBe(0)
  })
})

describe('an agent that cannot be reached', () => {
  test('because nobody listens is lost', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    const { agent } = connect(`ws://127.0.0.1:${port}/`)
    expect(await agent.over).toBe('lost connection_refused')
  })

  const page = '<!DOCTYPE html><h1>Down</h1>'
  const html = (status: string) =>
    `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`
  test.each([
    ['a page of HTML', html('200 OK')],
    ['401', html('401 Unauthorized')],
    ['403', html('403 Forbidden')],
    ['429', html('429 Too Many Requests').replace('\r\n', '\r\nRetry-After: 1\r\n')],
    ['500', html('500 Internal Server Error')],
    ['502', html('502 Bad Gateway')],
    ['a redirection', 'HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n'],
    ['half a head', 'HTTP/1.1 101 Switching Pro'],
    ['something that is not HTTP', 'hello\r\n\r\n'],
    ['nothing', ''],
    [
      'the key of somebody else',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n',
    ],
  ])('because its upgrade is answered with %s is lost', async (_, answer) => {
    stage.vendor.answerUpgrade = (socket) => socket.end(answer)
    const { agent } = connect(stage.vendor.url)
    // What the vendor says is the cause; only where it says nothing of HTTP is the connection all that is known of.
    const status = /^HTTP\/1.1 (?!101)(\d+) (.*)/.exec(answer)
    expect(await agent.over).toBe(`lost ${status ? `http_${status[1]}` : 'connection_refused'}`)
    if (status)
      expect(agent.detail).toMatch(
        new RegExp(`^${status[1]} ${status[2]}${answer.includes('Down') ? ': Down' : ''}$`),
      )
    await turn()
    expect(agent.reports).toHaveLength(1)
  })

  test('because its upgrade is never answered is lost in time', async () => {
    const upgraded = new Promise<void>((resolve) => {
      stage.vendor.answerUpgrade = (socket) => {
        socket.on('end', () => socket.end()).resume()
        resolve()
      }
    })
    const { agent } = connect(stage.vendor.url)
    await upgraded
    vi.advanceTimersByTime(CONNECT_MS - 1)
    expect(agent.reports).toEqual([])
    vi.advanceTimersByTime(1)
    expect(agent.reports).toEqual(['lost connect_timeout'])
  })

  test('because it never introduces itself is lost in time', async () => {
    const { agent, conversation } = await stage.dialled()
    vi.advanceTimersByTime(CONNECT_MS)
    expect(agent.reports).toEqual(['lost connect_timeout'])
    expect(await conversation.closed).toBe(1000)
  })

  test.each([
    [{ agent: 'ulaw_16000' }],
    [{ agent: 'opus_48000' }],
    [{ caller: 'PCM_16000' }],
    [{ caller: '' }],
  ])('in a known format, %j, is lost', async (formats) => {
    const { agent, conversation } = await stage.dialled()
    conversation.begin(formats)
    expect(await agent.over).toBe('lost unknown_format')
    expect(agent.isPermanent).toBe(true)
    expect(await conversation.closed).toBe(1000)
  })

  test.each([1000, 1001, 1002, 1008, 1011, 4000])(
    'because it closes with %i at once is lost',
    async (code) => {
      const { agent, conversation } = await stage.dialled()
      conversation.close(code)
      expect(await agent.over).toBe(`lost closed_${code}`)
      expect(agent.isPermanent).toBe(false)
    },
  )

  test.each(['override_error', 'missing_dynamic_variable'])(
    'because of %s is lost for that',
    async (type) => {
      const { agent, conversation } = await stage.dialled()
      conversation.error(type, 1008)
      conversation.close(1008, type)
      expect(await agent.over).toBe(`lost ${type}`)
      expect(agent.isPermanent).toBe(true)
    },
  )

  test.each([
    ['the key', refusal({ status: 401, headers: new Headers() }, { detail: 'no' }), true],
    ['the agent', refusal({ status: 404, headers: new Headers() }, { detail: 'no' }), true],
    ['what a proxy does not like', refusal({ status: 403, headers: new Headers() }, null), false],
    ['too many at once', refusal({ status: 429, headers: new Headers() }, { detail: 'no' }), false],
    ['nothing that is known', new Error('no'), false],
  ])(
    'because the vendor refuses %s is lost, for good where that would be refused again',
    async (_, error, isPermanent) => {
      const { agent } = connect(() => Promise.reject(error))
      expect(await agent.over).toBe('lost no_address')
      expect(agent.isPermanent).toBe(isPermanent)
    },
  )
})

describe('a conversation is over', () => {
  test('in order, at its longest duration, whatever the code', async () => {
    const { agent, conversation } = await stage.talking()
    conversation.error('max_duration_exceeded')
    conversation.close(1002)
    expect(await agent.over).toBe('ended')
  })

  test.each([1001, 1002, 1008, 1011, 3000])('as lost, when it closes with %i', async (code) => {
    const { agent, conversation } = await stage.talking()
    conversation.close(code, 'Sorry.')
    expect(await agent.over).toBe(`lost closed_${code}`)
  })

  test('as lost, when the vendor says what failed', async () => {
    const { agent, conversation } = await stage.talking()
    conversation.error('llm_timeout')
    conversation.close(1002)
    expect(await agent.over).toBe('lost llm_timeout')
  })

  const unmasked = (...bytes: number[]) => Buffer.from(bytes)
  test.each([
    ['with a reserved bit', unmasked(0xf1, 0x00)],
    ['of an opcode that is not used', unmasked(0x83, 0x00)],
    ['with a mask', unmasked(0x81, 0x80, 0, 0, 0, 0)],
    ['of text that is no UTF-8', unmasked(0x81, 0x02, 0xc3, 0x28)],
    ['that says it is 8 EiB long', unmasked(0x81, 0x7f, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
    ['that begins inside another', unmasked(0x01, 0x01, 0x7b, 0x81, 0x00)],
    ['that closes with a code that must not be sent', unmasked(0x88, 0x02, 0x03, 0xed)],
  ])('as lost, at a frame %s', async (_, frame) => {
    const { agent, conversation } = await stage.talking()
    conversation.write(frame)
    expect(await agent.over).toBe('lost connection_broken')
    await conversation.closed
    expect(agent.reports).toHaveLength(1)
  })
})

describe('an agent that hangs up', () => {
  const hangsUp = (is_error = false) => ({
    type: 'agent_tool_response',
    agent_tool_response: { tool_name: 'end_call', tool_call_id: 't1', tool_type: 'system', is_error },
  })

  test('may say its last word, and closes', async () => {
    const { agent, conversation } = await stage.talking()
    conversation.send(hangsUp())
    conversation.audio(9)
    conversation.close(1000)
    expect(await agent.over).toBe('ended')
    expect(agent.reports).toEqual(['audio AAAA', 'ended'])
  })

  test('and does not close is hung up on', async () => {
    const { agent, conversation } = await stage.talking()
    conversation.send(hangsUp())
    await conversation.settled()
    vi.advanceTimersByTime(CLOSE_MS)
    expect(agent.reports).toEqual(['ended'])
    expect(await conversation.closed).toBe(1000)
  })

  test.each([1002, 1011, null])('has hung up, even if its socket ends with %j', async (code) => {
    const { agent, conversation } = await stage.talking()
    conversation.send(hangsUp())
    await conversation.settled()
    if (code) conversation.close(code)
    else conversation.drop()
    expect(await agent.over).toBe('ended')
  })

  test('in vain goes on', async () => {
    const { agent, conversation } = await stage.talking()
    conversation.send(hangsUp(true))
    await conversation.settled()
    vi.advanceTimersByTime(CLOSE_MS)
    expect(agent.reports).toEqual([])
    conversation.drop()
  })
})

describe('a connection that is closed from here', () => {
  test('is cut off when the vendor does not answer the close', async () => {
    const { connection, conversation } = await stage.talking()
    conversation.fallAsleep()
    connection.close()
    vi.advanceTimersByTime(CLOSE_MS - 1)
    expect(vi.getTimerCount()).toBeGreaterThan(0)
    vi.advanceTimersByTime(1)
    expect(await stage.timersLeft()).toBe(0)
    conversation.wakeUp()
  })
})
