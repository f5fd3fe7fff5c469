import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { listenHere } from './loopback.ts'

/** The protocol's number in PostgreSQL's StartupMessage, version 3.0. */
const PROTOCOL_3 = 196_608

/** Chooses some of a node's sessions, by the name under which they show in `pg_stat_activity`; empty for one without. */
export type WhichSessions = (applicationName: string) => boolean
const ALL: WhichSessions = () => true

/**
 * What stands between one node and PostgreSQL, so that a story decides what the node sees of its database while the others
 * see it as it is. `restore` lets everything pass again, but brings back no session that was cut or swallowed.
 */
export class DatabaseGate {
  /** The DATABASE_URL of the node. */
  readonly url: string
  readonly #server: Server
  readonly #target: URL
  readonly #sessions = new Set<GatedSession>()
  #takesNew = true
  /** What becomes of sessions that begin; null lets them pass. */
  #fate: ((session: GatedSession) => void) | null = null

  private constructor(server: Server, target: URL, url: string) {
    this.#server = server
    this.#target = target
    this.url = url
    server.on('connection', (client) => this.#take(client))
  }

  /** Resolves with a gate that stands open. */
  static async open(databaseUrl: string): Promise<DatabaseGate> {
    const server = createServer()
    const target = new URL(databaseUrl)
    const { host } = new URL(await listenHere(server))
    return new DatabaseGate(server, target, databaseUrl.replace(`@${target.host}`, `@${host}`))
  }

  /** As a server that is down, or a firewall that rejects: every session breaks, and nobody gets another one. */
  refuse(): void {
    this.#takesNew = false
    this.cut()
  }

  /** Breaks sessions, with a reset on both sides; new ones are taken. */
  cut(which = ALL): void {
    for (const session of this.#chosen(which)) session.cut()
  }

  /** As a server that hangs: bytes wait on both sides, in old sessions and new ones, until `restore`. */
  freeze(which = ALL): void {
    this.#decree(which, (session) => session.freeze())
  }

  /** As a network that broke without a word (half-open): what is sent is lost, and nobody is told. New sessions fare alike. */
  swallow(which = ALL): void {
    this.#decree(which, (session) => session.swallow())
  }

  /** As a proxy that keeps the node's socket when PostgreSQL ends the session behind it. */
  hideEnds(which = ALL): void {
    this.#decree(which, (session) => session.hideEnd())
  }

  restore(): void {
    this.#takesNew = true
    this.#fate = null
    for (const session of this.#sessions) session.thaw()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #take(client: Socket): void {
    if (!this.#takesNew) return void client.resetAndDestroy()
    const server = connect(Number(this.#target.port || 5432), this.#target.hostname)
    const session = new GatedSession(client, server)
    this.#sessions.add(session)
    session.whenOver(() => this.#sessions.delete(session))
    this.#fate?.(session)
  }

  #decree(which: WhichSessions, fate: (session: GatedSession) => void): void {
    for (const session of this.#chosen(which)) fate(session)
    this.#fate = (session) => session.onceNamed(() => which(session.name) && fate(session))
  }

  #chosen(which: WhichSessions): GatedSession[] {
    return [...this.#sessions].filter(({ name }) => which(name))
  }
}

type Flow = 'passing' | 'frozen' | 'swallowed'

/** One connection of the node's, and the gate's own to PostgreSQL. */
class GatedSession {
  name = ''
  readonly #client: Socket
  readonly #server: Socket
  readonly #whenNamed: (() => void)[] = []
  #flow: Flow = 'passing'
  #hidesEnd = false

  constructor(client: Socket, server: Socket) {
    this.#client = client
    this.#server = server
    for (const socket of [client, server]) socket.on('error', () => socket.destroy())
    client.once('data', (bytes: Buffer) => this.#name(bytes))
    client.on('data', (bytes: Buffer) => this.#pass(bytes, server))
    server.on('data', (bytes: Buffer) => this.#pass(bytes, client))
    client.on('close', () => this.#flow === 'swallowed' || server.destroySoon())
    server.on('close', () => this.#hidesEnd || this.#flow === 'swallowed' || client.destroySoon())
  }

  /** Calls back when both sides are closed: PostgreSQL is not told of a client that is gone from a broken network. */
  whenOver(act: () => void): void {
    const look = () => this.#client.closed && this.#server.closed && act()
    this.#client.on('close', look)
    this.#server.on('close', look)
  }

  /** Calls back when the session has said what it is called, which comes first. */
  onceNamed(act: () => void): void {
    this.#whenNamed.push(act)
  }

  cut(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  freeze(): void {
    if (this.#flow !== 'passing') return
    this.#flow = 'frozen'
    this.#client.pause()
    this.#server.pause()
  }

  /** What waited goes on. A swallowed session stays lost; PostgreSQL learns of it where the node has given it up. */
  thaw(): void {
    if (this.#flow === 'swallowed' && this.#client.closed) this.#server.destroy()
    if (this.#flow !== 'frozen') return
    this.#flow = 'passing'
    this.#client.resume()
    this.#server.resume()
  }

  swallow(): void {
    this.#flow = 'swallowed'
    this.#client.resume()
    this.#server.resume()
  }

  hideEnd(): void {
    this.#hidesEnd = true
  }

  #pass(bytes: Buffer, to: Socket): void {
    if (this.#flow !== 'swallowed' && !to.destroyed) to.write(bytes)
  }

  #name(startup: Buffer): void {
    this.name = applicationNameIn(startup)
    for (const act of this.#whenNamed.splice(0)) act()
  }
}

/** https://www.postgresql.org/docs/current/protocol-message-formats.html, StartupMessage: pairs of names and values. */
function applicationNameIn(startup: Buffer): string {
  if (startup.length < 8 || startup.readInt32BE(4) !== PROTOCOL_3) return ''
  const words = startup.toString('utf8', 8).split('\0')
  const at = words.indexOf('application_name')
  return at >= 0 && at % 2 === 0 ? (words[at + 1] ?? '') : ''
}
