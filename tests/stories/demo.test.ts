import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { decodeMuLaw, MU_LAW_RATE } from '../../src/audio/mulaw.ts'
import { encodeMuLaw } from '../../src/audio/mulaw-buffer.ts'
import { readWav, writePcmWav } from '../../src/audio/wav.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import { DEMO_SCRIPT } from '../../src/simulator/script.ts'
import { ServiceProcess } from '../support/service-process.ts'
import { until } from '../support/until.ts'

/* What the README promises to somebody who has nothing but Node: no account, no key, no database. */

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url))
/** The first start creates a database cluster. */
const FIRST_START_MS = 60_000
/** Real time, in which a shorter greeting than usual leaves more for the agent. */
const CALL_SECONDS = 7
const GREETING_MESSAGE = 'Hello.'
const WHOLE_CALL_MS = 60_000

describe('The demo', () => {
  let folder: string
  let service: ServiceProcess
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'precall-demo-'))
    service = await ServiceProcess.start({ DATA_DIR: folder, DRAIN_SECONDS: '1', GREETING_MESSAGE })
  }, FIRST_START_MS)
  afterAll(async () => {
    const code = await service.terminate()
    const left = await readFile(join(folder, 'origin'), 'utf8').catch(() => 'nothing')
    await rm(folder, { recursive: true, force: true })
    if (left !== 'nothing') throw new Error(`It still says that it is at ${left}`)
    if (code !== 0) throw new Error(`The demo ended with ${code}:\n${service.output}`)
  })

  /** Runs one of the commands where its user would, and resolves with its exit status and what it printed. */
  async function run(command: string, ...args: string[]): Promise<{ status: number; printed: string }> {
    return start(command, ...args).ended
  }

  function start(command: string, ...args: string[]) {
    // In another shell than the service, which was started there with a port that is set nowhere else.
    const env = { DATA_DIR: folder }
    const running = promisify(execFile)(process.execPath, [join(SOURCES, command), ...args], {
      cwd: folder,
      env,
    })
    const { child } = running
    const ended = running
      .catch((error: { stdout: string }) => error)
      .then(({ stdout }) => ({ status: child.exitCode ?? -1, printed: stdout }))
    return { child, ended }
  }

  it.concurrent('says where its console is, and that its vendors are simulated', async ({ expect }) => {
    // A moment after calls can be taken.
    await until('it says where the console is', () => service.output.includes('console'))
    expect(service.output).toMatch(/^Open the console at http:\/\/127\.0\.0\.1:\d+\/#key=\S+ /m)
    const answer = await fetch(`${service.origin}/health`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      status: 'ok',
      database: 'ok',
      elevenlabs: 'simulated',
      twilio: 'simulated',
      sip: 'disabled',
      trunks: 'disabled',
      node: 'ok',
      clock: 'ok',
      timestamp: expect.any(String),
    })
    const page = await fetch(service.origin)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
  })

  it.concurrent('is well, as the doctor sees it', async ({ expect }) => {
    const { status, printed } = await run('doctor/main.ts')
    expect(status, printed).toBe(0)
    expect(printed).toMatch(/ELEVENLABS_API_KEY is not set/)
    expect(printed).toMatch(/TWILIO_ACCOUNT_SID/)
    expect(printed).not.toMatch(/FAIL(?!,| )/)
  })

  it.concurrent(
    'takes a test call, in which the caller is heard and hears the agent',
    async ({ expect }) => {
      const [wav, out] = [join(folder, 'caller.wav'), join(folder, 'heard.wav')]
      await writeFile(wav, writePcmWav({ samples: SPEECH, rate: MU_LAW_RATE }))
      const options = ['--wav', wav, '--out', out, '--from', '+15550100777', '--seconds', `${CALL_SECONDS}`]
      const { status, printed } = await run('call.ts', ...options)
      expect(status, printed).toBe(0)
      expect(printed).toMatch(/\+15550100777 dials/)
      for (const state of ['greeting', 'joining', 'bridged.connecting', 'bridged.talking', 'ended'])
        expect(printed).toContain(state)
      expect(printed).toMatch(/^The caller was joined to the voice agent after \d+\.\d\d s\.$/m)
      expect(printed).toMatch(/^ +agent {3}\S.*$/m)
      expect(printed).toContain(DEMO_SCRIPT.firstMessage)
      expect(printed).toMatch(/^ +caller {2}\S.*$/m)
      const heard = readWav(await readFile(out))
      const word = speak(DEMO_SCRIPT.firstMessage).subarray(MU_LAW_RATE, MU_LAW_RATE * 1.06)
      expect(encodeMuLaw(heard.samples).includes(encodeMuLaw(decodeMuLaw(word)))).toBe(true)
    },
    WHOLE_CALL_MS,
  )

  it.concurrent.for([
    ['openai', 'Nora', '+15550190003'],
    ['openai-live', 'Liv', '+15550190004'],
  ])(
    'has an agent with the backend %s, who is called by name and speaks in its own voice, without a wait',
    { timeout: WHOLE_CALL_MS },
    async ([backend, name = '', number], { expect }) => {
      const headers = {
        authorization: `Bearer ${await readFile(join(folder, 'admin-key'), 'utf8')}`,
        'content-type': 'application/json',
      }
      const agent = { name, backend, voiceId: 'marin', numbers: [number] }
      const made = await fetch(`${service.origin}/api/v1/agents`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ ...agent, firstMessage: `${name} speaking.` }),
      })
      expect(await made.json()).toMatchObject({
        warnings: [expect.stringContaining('cannot speak cloned voices')],
      })
      // The demo's caller has a voice on file, and waits for no clone.
      const { status, printed } = await run('call.ts', '--agent', name, '--seconds', `${CALL_SECONDS}`)
      expect(status, printed).toBe(0)
      expect(printed).toContain(`${name} speaking.`)
      expect(printed).toContain('voice withheld: backend_cannot')
      expect(printed).not.toContain('hold')
    },
  )

  it('goes on with a test call when its service is killed in mid-word, and tells the rest', async ({
    expect,
  }) => {
    const { child, ended } = start('call.ts', '--from', '+15550100778')
    let told = ''
    child.stdout?.on('data', (text) => {
      told += text
    })
    await until('caller and agent talk', () => told.includes('bridged.talking'))
    const authorization = `Bearer ${await readFile(join(folder, 'admin-key'), 'utf8')}`
    await fetch(`${service.origin}/api/v1/demo/kill`, { method: 'POST', headers: { authorization } })
    await until(
      'they talk again',
      () => /is gone.*→ bridged\.talking/s.test(told),
      () => told,
    )
    child.kill('SIGINT')
    const { status, printed } = await ended
    expect(status, printed).toBe(0)
    expect(printed).toMatch(/is gone.*bridged\.talking.*caller +hangs up.*→ ended/s)
  })
})

/** The caller lets the agent say a word, and then speaks: loud enough to be taken for a voice. */
const SPEECH = Int16Array.from({ length: 2.5 * MU_LAW_RATE }, (_, at) =>
  at < 1.5 * MU_LAW_RATE ? 0 : 9_000 * Math.sin(at / 4),
)
