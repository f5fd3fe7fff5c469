import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Channel } from './channel.ts'
import { eventAsJson, eventAsText, type SwitchEvent, switchEvent } from './switch-event.ts'

/** What a connection needs of the switch. */
export type EventSocketHost = {
  password: string
  /** Executes an API command and resolves with its output. */
  api(command: string): Promise<string>
  channel(uuid: string): Channel | undefined
  /** An application is asked for, as "name argument". */
  onExecute(application: string): void
}

/** A command: its first line, the header fields under it. */
type Command = { line: string; fields: Map<string, string> }

const GOODBYE = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n'

/**
 * One connection of the event socket, in either direction: an app that logged in, or one that the switch has called for
 * a channel (`controlled`). Source: FreeSWITCH, src/mod/event_handlers/mod_event_socket.
 */
export class EventSocketConnection {
  readonly #socket: Socket
  readonly #host: EventSocketHost
  readonly #controlled: Channel | null
  readonly #names = new Set<string>()
  readonly #subclasses = new Set<string>()
  readonly #filters: { name: string; value: string }[] = []
  #format: 'json' | 'plain' = 'plain'
  #isAuthenticated: boolean
  #text = ''

  constructor(
    socket: Socket,
    {
      host,
      controlled = null,
      onClose,
    }: { host: EventSocketHost; controlled?: Channel | null; onClose: () => void },
  ) {
    this.#socket = socket
    this.#host = host
    this.#controlled = controlled
    this.#isAuthenticated = controlled !== null
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#read(chunk.toString('utf8')))
    socket.on('error', () => socket.destroy())
    socket.on('close', onClose)
    if (!controlled) this.#send('Content-Type: auth/request\n\n')
  }

  /** Passes an event on if this connection has asked for it. */
  offer(event: SwitchEvent): void {
    if (!this.#wants(event)) return
    const isJson = this.#format === 'json'
    const text = isJson ? eventAsJson(event) : eventAsText(event)
    const type = isJson ? 'text/event-json' : 'text/event-plain'
    this.#send(`Content-Length: ${Buffer.byteLength(text)}\nContent-Type: ${type}\n\n${text}`)
  }

  /** Says goodbye and hangs up. */
  end(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return
    const uuid = this.#controlled
      ? `Controlled-Session-UUID: ${this.#controlled.uuid}\nContent-Disposition: disconnect\n`
      : ''
    this.#socket.end(
      `Content-Type: text/disconnect-notice\n${uuid}Content-Length: ${GOODBYE.length}\n\n${GOODBYE}`,
    )
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#socket.destroy()
  }

  #wants({ name, fields }: SwitchEvent): boolean {
    if (!this.#isAuthenticated) return false
    const isNamed = this.#names.has('ALL') || this.#names.has(name)
    const isCustom = name === 'CUSTOM' && this.#subclasses.has(fields['Event-Subclass'] ?? '')
    if (name === 'CUSTOM' ? !isCustom && !this.#names.has('ALL') : !isNamed) return false
    return this.#filters.length === 0 || this.#filters.some((filter) => fields[filter.name] === filter.value)
  }

  #read(text: string): void {
    this.#text += text
    for (let end = this.#text.indexOf('\n\n'); end >= 0; end = this.#text.indexOf('\n\n')) {
      const [line = '', ...rest] = this.#text.slice(0, end).trimStart().split(/\r?\n/)
      this.#text = this.#text.slice(end + 2)
      const fields = new Map<string, string>()
      for (const field of rest) {
        const colon = field.indexOf(':')
        fields.set(field.slice(0, colon).trim().toLowerCase(), field.slice(colon + 1).trim())
      }
      this.#obey({ line, fields })
    }
  }

  #obey({ line, fields }: Command): void {
    const [word = '', ...rest] = line.trim().split(' ')
    if (word === 'exit') this.#exit()
    else if (this.#isAuthenticated) this.#command(word, rest, fields)
    else this.#authenticate(word, rest.join(' '))
  }

  #command(word: string, rest: string[], fields: Map<string, string>): void {
    const argument = rest.join(' ')
    if (word === 'connect' && this.#controlled) this.#send(channelData(this.#controlled))
    else if (word === 'api') void this.#api(argument)
    else if (word === 'bgapi') void this.#backgroundApi(argument, fields.get('job-uuid') ?? randomUUID())
    else this.#reply(this.#settle(word, rest, fields))
  }

  /** The commands that are answered in a line. */
  #settle(word: string, rest: string[], fields: Map<string, string>): string {
    switch (word) {
      case 'event':
        return this.#subscribe(rest)
      case 'nixevent':
        return this.#unsubscribe(rest)
      case 'filter':
        return this.#filter(rest)
      case 'sendmsg':
        return this.#sendMessage(rest.join(' '), fields)
      case 'linger':
        return this.#controlled ? '+OK will linger' : '-ERR not controlling a session'
      default:
        return '-ERR command not found'
    }
  }

  #exit(): void {
    this.#reply('+OK bye')
    this.end()
  }

  #authenticate(word: string, password: string): void {
    this.#isAuthenticated = word === 'auth' && password === this.#host.password
    if (this.#isAuthenticated) this.#reply('+OK accepted')
    else this.#reply(word === 'auth' ? '-ERR invalid' : '-ERR command not found')
    if (word === 'auth' && !this.#isAuthenticated) this.end()
  }

  async #api(command: string): Promise<void> {
    const output = (await this.#host.api(command)) || '-ERR no reply\n'
    this.#send(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(output)}\n\n${output}`)
  }

  async #backgroundApi(command: string, job: string): Promise<void> {
    this.#send(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`)
    const output = await this.#host.api(command)
    const [name = '', ...rest] = command.split(' ')
    const fields = { 'Job-UUID': job, 'Job-Command': name, 'Job-Command-Arg': rest.join(' ') }
    this.offer(switchEvent('BACKGROUND_JOB', fields, output))
  }

  /** Everything after the word CUSTOM is the name of a custom event, even the names of other events. */
  #subscribe(words: string[]): string {
    const [format, ...named] = words
    if (format === 'json' || format === 'plain') this.#format = format
    const names = format === 'json' || format === 'plain' ? named : words
    const custom = names.indexOf('CUSTOM')
    for (const name of custom < 0 ? names : names.slice(0, custom)) this.#names.add(eventName(name))
    if (custom >= 0) for (const subclass of names.slice(custom + 1)) this.#subclasses.add(subclass)
    return names.length === 0 ? '-ERR no keywords supplied' : `+OK event listener enabled ${this.#format}`
  }

  #unsubscribe(names: string[]): string {
    for (const name of names) {
      this.#names.delete(eventName(name))
      this.#subclasses.delete(name)
    }
    return names.length === 0 ? '-ERR no keywords supplied' : '+OK events nixed'
  }

  #filter([name = '', ...rest]: string[]): string {
    const value = rest.join(' ')
    if (!value) return '-ERR invalid syntax'
    if (name !== 'delete') {
      this.#filters.push({ name, value })
      return `+OK filter added. [${name}]=[${value}]`
    }
    const [gone = '', ...gonesValue] = rest
    const kept = this.#filters.filter(
      (filter) =>
        gone !== 'all' &&
        (filter.name !== gone || (gonesValue.length > 0 && filter.value !== gonesValue.join(' '))),
    )
    this.#filters.splice(0, this.#filters.length, ...kept)
    return `+OK filter deleted. [${gone}][${gonesValue.join(' ')}]`
  }

  #sendMessage(uuid: string, fields: Map<string, string>): string {
    const channel = uuid ? this.#host.channel(uuid) : (this.#controlled ?? undefined)
    if (!channel) return `-ERR invalid session id [${uuid}]`
    const command = fields.get('call-command')
    if (command === 'hangup') channel.hangUp(fields.get('hangup-cause') ?? 'NORMAL_CLEARING')
    if (command === 'execute') this.#execute(channel, fields)
    return '+OK'
  }

  #execute(channel: Channel, fields: Map<string, string>): void {
    const application = fields.get('execute-app-name') ?? ''
    const argument = fields.get('execute-app-arg') ?? ''
    this.#host.onExecute(`${application} ${argument}`.trim())
    channel.execute(application, argument, {
      eventUuid: fields.get('event-uuid') ?? randomUUID(),
      locks: fields.get('event-lock') === 'true',
    })
  }

  #reply(text: string): void {
    this.#send(`Content-Type: command/reply\nReply-Text: ${text}\n\n`)
  }

  #send(text: string): void {
    if (!this.#socket.destroyed && this.#socket.writable) this.#socket.write(text)
  }
}

/** What the switch knows of the channel, as the answer to "connect". */
function channelData(channel: Channel): string {
  const fields = {
    ...channel.profileFields,
    ...channel.fields,
    ...channel.variableFields,
    'Content-Type': 'command/reply',
    'Reply-Text': '+OK\n',
    'Socket-Mode': 'async',
    Control: 'full',
  }
  return `${eventAsText(switchEvent('CHANNEL_DATA', fields))}\n`
}

/** Some write the enumeration's name; the switch takes both. */
function eventName(name: string): string {
  return name.toUpperCase().replace(/^SWITCH_EVENT_/, '')
}
