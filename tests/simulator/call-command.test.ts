import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { readWav, writePcmWav } from '../../src/audio/wav.ts'
import { UsageError } from '../../src/commands/command.ts'
import { freePort } from '../../src/runtime/free-port.ts'
import type { Carrier } from '../../src/simulator/carrier/carrier.ts'
import { findAdminKey } from '../../src/simulator/phone/admin-key-lookup.ts'
import { attachPhone } from '../../src/simulator/phone/attach-phone.ts'
import { callCommand } from '../../src/simulator/phone/call-command.ts'
import { readCallOptions } from '../../src/simulator/phone/call-options.ts'
import { ApiError, ServiceApi, serverSentData } from '../../src/simulator/phone/service-api.ts'
import { ensureService } from '../../src/simulator/phone/service-process.ts'
import { carrierWords } from '../../src/simulator/phone/timeline-lines.ts'
import { closeHard, listenHere } from '../support/loopback.ts'
import { type ServiceDouble, startServiceDouble, startTestCarrier, twiml } from './service-double.ts'

let service: ServiceDouble
let carrier: Carrier
let api: Server
let phone: { close(): void }
let url: string
let folder: string
const lines: string[] = []
/** Why the service says that the agent was lost, as soon as it has answered its webhook; null when it does not. */
let cause: string | null

const CALL_ID = '0198c0de-0000-7000-8000-000000000001'
const KEY = 'the-key'
const voiced = encodeMuLaw(Int16Array.from({ length: 1600 }, (_, i) => 8000 * Math.sin(i / 4)))

beforeEach(async () => {
  lines.length = 0
  cause = null
  folder = await mkdtemp(join(tmpdir(), 'call-command-'))
  service = await startServiceDouble()
  carrier = await startTestCarrier(service, { timeScale: 0.05, speak: () => voiced })
  api = createServer(answerApi)
  url = await listenHere(api)
  phone = attachPhone({ server: api, carrier, authorize: isAdmin })
})

afterEach(async () => {
  phone.close()
  await carrier.stop()
  await service.stop()
  await closeHard(api)
  await rm(folder, { recursive: true })
})

function isAdmin({ headers }: IncomingMessage): boolean {
  return headers.authorization === `Bearer ${KEY}`
}

/** The part of the service's API that the command uses; its events are told with what the carrier sees. */
async function answerApi(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.url === '/health') return void response.end('{}')
  if (!isAdmin(request)) return void response.writeHead(401).end()
  const [call] = carrier.calls.values()
  if (request.url?.startsWith('/api/v1/calls?provider_call_id='))
    return sendJson(response, { calls: request.url.endsWith(`=${call?.sid}`) ? [{ id: CALL_ID }] : [] })
  if (request.url === '/api/v1/agents') return sendJson(response, { agents: AGENTS })
  if (request.url === `/api/v1/calls/${CALL_ID}/conversation`) return sendJson(response, { turns: TURNS })
  response.writeHead(200, { 'Content-Type': 'text/event-stream' })
  tellEvents(response, Number(request.headers['last-event-id']))
}

function tellEvents(response: ServerResponse, seen: number): void {
  const [call] = carrier.calls.values()
  const events: Record<string, readonly [string, string, string]> = {
    dialed: ['call.began', '', 'greeting'],
    ...(cause !== null && { 'twiml-received': ['agent.lost', 'bridged.connecting', 'failed'] as const }),
    'stream-audio': ['agent.ready', 'bridged.connecting', 'bridged.talking'],
    ended: ['leg.ended', 'bridged.talking', 'ended'],
  }
  const kinds = Object.keys(events)
  const tell = ({ type }: { type: string }) => {
    const seq = kinds.indexOf(type) + 1
    const told = events[type]
    if (told && seq > seen) sendEvent(response, seq, ...told)
    if (type === 'ended') response.end()
  }
  for (const entry of call?.timeline ?? []) tell(entry)
  call?.onTimeline(tell)
}

const AGENTS = [
  { name: 'Night desk', numbers: [] },
  { name: 'Front desk', numbers: ['+15551110000'] },
]

const TURNS = [
  { role: 'agent', text: 'Hello, how can I help?', interrupted: true, heard: 'Hello,' },
  { role: 'caller', text: 'Hi.', interrupted: false },
]

function sendJson(response: ServerResponse, body: object): void {
  response.end(JSON.stringify(body))
}

function sendEvent(
  response: ServerResponse,
  seq: number,
  type: string,
  stateBefore: string,
  stateAfter: string,
): void {
  const event = { type, ...(type === 'agent.lost' && { cause }) }
  const record = { seq, at: new Date(), type, event, stateBefore, stateAfter }
  response.write(`id: ${seq}\ndata: ${JSON.stringify(record)}\n\n: comment\n\n`)
}

function run(
  args: string[],
  { env = { ADMIN_API_KEY: KEY }, interrupted = new AbortController().signal } = {},
) {
  const print = (line: string) => lines.push(line)
  return callCommand({ args: ['--url', url, ...args], env, print, complain: print, interrupted })
}

/** A service that speaks on its stream as soon as it is open. */
function bridgeCalls(): Promise<WebSocket> {
  const stream = `<Stream url="${service.origin.replace('http', 'ws')}/media"/>`
  service.on('/voice', () => twiml(`<Say>hello</Say><Connect>${stream}</Connect>`))
  return service.nextSocket().then(async ({ socket, messages }) => {
    await messages.next()
    const { value } = await messages.next()
    const media = { payload: voiced.toString('base64') }
    socket.send(JSON.stringify({ event: 'media', streamSid: value.streamSid, media }))
    return socket
  })
}

describe('npm run call', () => {
  test('calls an agent by its name, at a number that it answers', async () => {
    void bridgeCalls()
    expect(await run(['--agent', 'front desk', '--seconds', '5'])).toBe(0)
    expect(lines.join('\n')).toMatch(/dials \+15551110000$/m)
  })

  test('says how to call an agent without a number, and which agents there are', async () => {
    expect(await run(['--agent', 'Night desk'])).toBe(1)
    expect(lines.at(-1)).toMatch(/^The agent "Night desk" answers no number: give it one/)
    expect(await run(['--agent', 'Nobody'])).toBe(1)
    expect(lines.at(-1)).toBe('There is no agent "Nobody"; there are: "Night desk", "Front desk".')
  })

  test('tells what happens, writes what was heard, and succeeds when the caller was bridged', async () => {
    void bridgeCalls()
    const wav = join(folder, 'caller.wav')
    const out = join(folder, 'heard.wav')
    await writeFile(wav, writePcmWav({ samples: decodeMuLaw(voiced), rate: 8000 }))
    expect(await run(['--wav', wav, '--out', out, '--from', '+15551234567', '--seconds', '20'])).toBe(0)
    const told = lines.join('\n')
    expect(told).toMatch(/^ +0\.00 s {2}carrier {2}\+15551234567 dials \+15550001111$/m)
    expect(told).toMatch(/carrier {2}\/voice → Say, Connect \(\d+ ms\)$/m)
    expect(told).toMatch(/carrier {2}the media stream is open$/m)
    expect(told).toMatch(/service {2}agent\.ready +bridged\.connecting → bridged\.talking$/m)
    expect(told).toMatch(/caller {3}hangs up$/m)
    expect(told).toMatch(/^ {2}agent {3}Hello, how can I help\? \[interrupted; heard: "Hello,"\]$/m)
    expect(told).toMatch(/^The caller was joined to the voice agent after \d+\.\d\d s\.$/m)
    expect(encodeMuLaw(readWav(await readFile(out)).samples).includes(voiced)).toBe(true)
  })

  test('fails when the caller was not bridged', async () => {
    service.on('/voice', () => twiml('<Say>sorry</Say><Hangup/>'))
    expect(await run([])).toBe(1)
    expect(lines.at(-1)).toBe('The caller was NOT joined to the voice agent.')
  })

  test('tells why the agent could not be reached', async () => {
    cause = 'closed_3000'
    service.on('/voice', () => twiml('<Say>sorry</Say><Hangup/>'))
    expect(await run([])).toBe(1)
    expect(lines.join('\n')).toMatch(/service {2}agent\.lost +bridged\.connecting → failed \(closed_3000\)$/m)
    expect(lines.slice(-2)).toEqual([
      'What went wrong last: agent.lost: closed_3000 (docs/end-reasons.md)',
      'The caller was NOT joined to the voice agent.',
    ])
  })

  test('hangs up when its time is up', async () => {
    service.on('/voice', () => twiml('<Pause length="3600"/>'))
    expect(await run(['--seconds', '0.2'])).toBe(1)
    expect(lines.join('\n')).toMatch(/hangs up/)
  })

  test('hangs up when it is interrupted', async () => {
    service.on('/voice', () => twiml('<Pause length="3600"/>'))
    const interruption = new AbortController()
    setTimeout(() => interruption.abort(), 200)
    expect(await run([], { interrupted: interruption.signal })).toBe(1)
    expect(lines.join('\n')).toMatch(/ended by the caller/)
  })

  test.each([
    ['a wrong key', ['--key', 'wrong'], 1, /admin key is wrong/],
    ['an unknown option', ['--loud'], 2, /--loud/],
    ['a file that is not there', ['--wav', '/no/such.wav'], 2, /such\.wav cannot be read/],
    ['a file that is no WAV', ['--wav', import.meta.filename], 2, /not a WAV file/],
  ])('says what is wrong with %s', async (_, args, status, message) => {
    expect(await run(args)).toBe(status)
    expect(lines.join('\n')).toMatch(message)
  })

  test.each([
    [[], 'TN-Validation-Passed-A'],
    [['--verstat', 'TN-Validation-Failed-B'], 'TN-Validation-Failed-B'],
    [['--verstat', 'none'], undefined],
  ])('with %j has the carrier say %s of the number', async (args, expected) => {
    service.on('/voice', () => twiml('<Say>sorry</Say><Hangup/>'))
    await run(args)
    expect(service.at('/voice')[0]?.fields.StirVerstat).toBe(expected)
  })

  test('explains itself', async () => {
    expect(await run(['--help'])).toBe(0)
    expect(lines.join('\n')).toMatch(/--wav FILE/)
  })

  test('goes on with the call, and follows it again, when the process that tells of it is killed', async () => {
    service.on('/voice', () => twiml('<Pause length="3600"/>'))
    const result = run(['--seconds', '1'])
    await expect.poll(() => lines.some((line) => line.includes('call.began'))).toBe(true)
    api.closeAllConnections()
    expect(await result).toBe(1)
    const told = lines.join('\n')
    expect(told).toMatch(/is gone; the call waits for it.*hangs up.*service {2}leg\.ended/s)
    expect(told.match(/call\.began/g)).toHaveLength(1)
  })

  test('says when the carrier vanishes in the middle of a call', async () => {
    service.on('/voice', () => twiml('<Pause length="3600"/>'))
    const result = run([])
    await expect.poll(() => lines.some((line) => line.includes('call.began'))).toBe(true)
    phone.close()
    expect(await result).toBe(1)
    expect(lines.at(-1)).toMatch(/connection to the carrier broke/)
  })

  test('starts no service at an address that was named', async () => {
    expect(await run(['--url', 'http://127.0.0.1:9'])).toBe(1)
    expect(lines).toEqual([
      expect.stringMatching(/^Nobody answers at http:\/\/127\.0\.0\.1:9: start it there/),
    ])
  })
})

describe('its parts', () => {
  test('the key: given, from the environment, from the data folder, or told to be missing', async () => {
    await writeFile(join(folder, 'admin-key'), 'kept\n')
    expect(await findAdminKey('given', { ADMIN_API_KEY: 'env' })).toBe('given')
    expect(await findAdminKey(null, { ADMIN_API_KEY: 'env', DATA_DIR: folder })).toBe('env')
    expect(await findAdminKey(null, { ADMIN_API_KEY: ' ', DATA_DIR: folder })).toBe('kept')
    await expect(findAdminKey(null, { DATA_DIR: '/no/such' })).rejects.toThrow(
      /give --key.*\/no\/such\/admin-key/,
    )
  })

  test.each([
    [['--verstat', 'a b']],
    [['--seconds', '0']],
    [['--seconds', 'x']],
    [['--url', 'ftp://x']],
    [['extra']],
  ])('refuses %j', (args) => {
    expect(() => readCallOptions(args)).toThrow(UsageError)
  })

  test('a service that stays away is given up', async () => {
    const gone = new ServiceApi(new URL('http://127.0.0.1:9'), KEY, { patienceMs: 10 })
    await expect(gone.conversation(CALL_ID)).rejects.toThrow(ApiError)
    const { signal } = new AbortController()
    await expect(gone.events(CALL_ID, signal, () => {}).next()).rejects.toThrow(
      /127\.0\.0\.1:9 does not answer/,
    )
  })

  test('server-sent events are whole, however they were cut up', async () => {
    const text = ': hi\r\nid: 1\r\ndata: {"a":1}\r\n\r\ndata: x\ndata: ö\n\nid: 2\n\ndata: lost'
    async function* byteByByte() {
      for (const byte of Buffer.from(text)) yield Uint8Array.of(byte)
    }
    const found: string[] = []
    for await (const data of serverSentData(byteByByte())) found.push(data)
    expect(found).toEqual(['{"a":1}', 'x\nö'])
  })

  test('polls and marks make no noise', () => {
    const entry = { callSid: 'CA1', atMs: 0 }
    expect(carrierWords({ ...entry, type: 'mark-received', name: 'x' })).toBeNull()
    expect(
      carrierWords({
        ...entry,
        type: 'webhook-answered',
        url: 'http://h/x',
        status: 200,
        ms: 1,
        lost: false,
      }),
    ).toBeNull()
    expect(
      carrierWords({
        ...entry,
        type: 'webhook-answered',
        url: 'http://h/x',
        status: 204,
        ms: 1,
        lost: false,
      }),
    ).toBe('/x → HTTP 204')
    expect(carrierWords({ ...entry, type: 'error', code: 12100, message: 'bad' })).toBe('ERROR 12100: bad')
  })
})

describe('a service that runs already', () => {
  /** Finds it with these settings, in a folder in which a service has left this word of where it is. */
  async function found(origin: string, env: NodeJS.Dict<string> = {}): Promise<string> {
    await writeFile(join(folder, 'origin'), origin)
    const main = join(folder, 'no-service-may-be-started.ts')
    const { signal } = new AbortController()
    const print = (line: string) => lines.push(line)
    const start = { env: { ...process.env, DATA_DIR: folder, ...env }, print, signal, main }
    const configured = new URL(`http://127.0.0.1:${env.PORT ?? (await freePort())}`)
    return (await ensureService(configured, start)).url.origin
  }

  test('is found where it said that it is, by whoever knows its data folder', async () => {
    expect(await found(`${url}\n`)).toBe(url)
    expect(lines).toEqual([`The service of this data folder runs at ${url}.`])
    expect(await found(url, { PORT: `${await freePort()}` })).toBe(url)
  })

  test('is the one of the port that was set, if there is one', async () => {
    const other = createServer((_, response) => response.end('{}'))
    const origin = await listenHere(other)
    expect(await found(url, { PORT: new URL(origin).port })).toBe(origin)
    await closeHard(other)
  })

  test('is not believed in where nobody answers, or something else does', async () => {
    const other = createServer((_, response) => response.writeHead(404).end())
    const origin = await listenHere(other)
    for (const word of [origin, `http://127.0.0.1:${await freePort()}`, 'nonsense', ''])
      await expect(found(word), word).rejects.toThrow(/did not start/)
    await closeHard(other)
  })

  test('is called by the command', async () => {
    service.on('/voice', () => twiml('<Say>sorry</Say><Hangup/>'))
    await writeFile(join(folder, 'origin'), url)
    const env = { ADMIN_API_KEY: KEY, DATA_DIR: folder }
    const { signal } = new AbortController()
    expect(await callCommand({ args: [], env, print: (line) => lines.push(line), interrupted: signal })).toBe(
      1,
    )
    expect(lines.at(-1)).toBe('The caller was NOT joined to the voice agent.')
  })
})

describe('a service of its own', () => {
  const start = (main: string, port: number) =>
    ensureService(new URL(`http://127.0.0.1:${port}`), {
      env: { ...process.env, DATA_DIR: folder },
      print: (line) => lines.push(line),
      signal: new AbortController().signal,
      main,
    })

  async function program(source: string): Promise<string> {
    const file = join(folder, 'main.ts')
    await writeFile(file, source)
    return file
  }

  test('is started where nobody answers, waited for, and stopped', async () => {
    const port = await freePort()
    const main = await program(`
      import { createServer } from 'node:http'
      let status = 503
      setTimeout(() => { status = 200 }, 300)
      createServer((_, response) => response.writeHead(status).end()).listen(process.env.PORT, process.env.HOST)
      process.on('SIGTERM', () => process.exit(0))`)
    const running = await start(main, port)
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200)
    expect(lines[0]).toMatch(/starting a service there/)
    await running.stop()
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow()
  })

  test('that does not start is told with its last words', async () => {
    const main = await program('process.stderr.write("PORT: found nothing"); process.exitCode = 1')
    await expect(start(main, await freePort())).rejects.toThrow(/did not start:\nPORT: found nothing/)
  })
})
