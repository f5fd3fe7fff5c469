import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linearSamples } from '../../src/audio/linear.ts'
import { writePcmWav } from '../../src/audio/wav.ts'
import { tone } from './tones.ts'
import { until } from './until.ts'

const MODULES = ['/usr/lib/baresip/modules', '/usr/local/lib/baresip/modules'].find(existsSync)

/** Whether the softphone (https://github.com/baresip/baresip) is installed here. */
export const HAS_BARESIP = MODULES !== undefined

export type BaresipOptions = {
  /** "host:port" of drachtio-server. */
  server: string
  transport: 'udp' | 'tcp' | 'tls'
  /** Its name for how audio is encrypted, such as `srtp-mand`; null for not at all. */
  mediaenc: string | null
  /** Who signed the server's certificate. */
  caFile?: string
  /** What it says: a tone that comes and goes. */
  frequency: number
}

/** A softphone of others, in a process of its own: it encrypts in earnest. */
export class Baresip {
  readonly #folder: string
  readonly #process: ChildProcess
  readonly #controlPort: number
  #output = ''

  private constructor(folder: string, controlPort: number) {
    this.#folder = folder
    this.#controlPort = controlPort
    this.#process = spawn('baresip', ['-f', folder], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#process.stdout, this.#process.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text
      })
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const folder = await mkdtemp(join(tmpdir(), 'baresip-'))
    const [sip, control] = await freePorts()
    await mkdir(join(folder, 'heard'))
    await writeFile(
      join(folder, 'speech.wav'),
      writePcmWav({ samples: speech(options.frequency), rate: 8000 }),
    )
    await writeFile(join(folder, 'config'), configOf(folder, { sip, control, ...options }))
    const media = options.mediaenc ? `;mediaenc=${options.mediaenc}` : ''
    const account = `<sip:baresip@127.0.0.1;transport=${options.transport}>;regint=0;audio_codecs=pcmu${media}\n`
    await writeFile(join(folder, 'accounts'), account)
    const phone = new Baresip(folder, control)
    await until(
      'baresip is ready',
      () => phone.#output.includes('baresip is ready'),
      () => phone.#output,
    )
    return phone
  }

  /** Everything that it says of itself. */
  get output(): string {
    return this.#output
  }

  /** Dials a number; what comes of it is in `output`. */
  dial(number: string, { server, transport }: Pick<BaresipOptions, 'server' | 'transport'>): Promise<void> {
    return this.#command('dial', `sip:${number}@${server};transport=${transport}`)
  }

  hangUp(): Promise<void> {
    return this.#command('hangup')
  }

  hold(): Promise<void> {
    return this.#command('hold')
  }

  resume(): Promise<void> {
    return this.#command('resume')
  }

  async says(words: string | RegExp): Promise<void> {
    const isSaid = () => (typeof words === 'string' ? this.#output.includes(words) : words.test(this.#output))
    await until(`baresip says ${words}`, isSaid, () => this.#output, 30_000)
  }

  /** What was heard so far, 8000 samples a second. */
  heard(): Int16Array {
    const folder = join(this.#folder, 'heard')
    const file = readdirSync(folder).find((name) => name.endsWith('-dec.wav'))
    if (!file) return new Int16Array(0)
    const bytes = readFileSync(join(folder, file)).subarray(WAV_HEADER_BYTES)
    return linearSamples(bytes.subarray(0, bytes.length - (bytes.length % 2)))
  }

  async stop(): Promise<void> {
    const { exitCode } = this.#process
    if (exitCode === null) {
      const ended = new Promise((resolve) => this.#process.once('exit', resolve))
      this.#process.kill('SIGTERM')
      await ended
    }
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** A netstring of JSON (https://github.com/baresip/baresip/wiki/Using-ctrl_tcp). */
  async #command(command: string, params = ''): Promise<void> {
    const message = JSON.stringify({ command, params })
    const socket = connect(this.#controlPort, '127.0.0.1')
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).once('data', () => resolve())
      socket.write(`${Buffer.byteLength(message)}:${message},`)
    })
    socket.destroy()
  }
}

const WAV_HEADER_BYTES = 44

const SPEECH_S = 90
/** The agent is heard out first. */
const LISTENS_S = 12

/** A second of it, then two of silence, again and again: who talks all the time is not answered. */
function speech(frequency: number): Int16Array {
  const samples = new Int16Array(SPEECH_S * 8000)
  const speech = tone(frequency, 8000, { ms: 1000, amplitude: 9000 })
  for (let second = LISTENS_S; second < SPEECH_S; second += 3) samples.set(speech, second * 8000)
  return samples
}

function configOf(
  folder: string,
  { sip, control, caFile }: BaresipOptions & { sip: number; control: number },
): string {
  const modules = ['g711', 'aufile', 'aubridge', 'sndfile', 'srtp', 'dtls_srtp'].map(
    (name) => `module ${name}.so`,
  )
  return [
    // TLS would listen at the port after this one.
    'poll_method epoll',
    `sip_listen 127.0.0.1:${sip}`,
    ...(caFile ? [`sip_cafile ${caFile}`] : []),
    `audio_source aufile,${join(folder, 'speech.wav')}`,
    'audio_player aubridge,ear',
    'audio_srate 8000',
    'audio_channels 1',
    `snd_path ${join(folder, 'heard')}`,
    `ctrl_tcp_listen 127.0.0.1:${control}`,
    `module_path ${MODULES}`,
    ...modules,
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    '',
  ].join('\n')
}

/** One for SIP, with one for TLS after it, and one to steer it by: below those that the system gives to others. */
async function freePorts(): Promise<[sip: number, control: number]> {
  for (;;) {
    const first = 6_000 + 3 * Math.floor(Math.random() * 1_000)
    const areFree = await Promise.all([first, first + 1, first + 2].map(isFree))
    if (areFree.every(Boolean)) return [first, first + 2]
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const isListening = await new Promise<boolean>((resolve) =>
    server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true)),
  )
  if (isListening) await new Promise((closed) => server.close(closed))
  return isListening
}
