import { setTimeout as wait } from 'node:timers/promises'

/** One event of a call, as the service recorded it. */
export type CallEvent = {
  seq: number
  at: string
  type: string
  /** What was said; `agent.lost` and `voice.failed` carry a cause. */
  event?: { cause?: unknown; input?: unknown }
  stateBefore: string
  stateAfter: string
}
export type Turn = { role: string; text: string; heard?: string; interrupted: boolean }

/** A call is known to the service as soon as it has answered the carrier's first question. */
const LOOKUP_TIMEOUT_MS = 15_000
const LOOKUP_INTERVAL_MS = 100
/** A process that was killed is back in a second or two, or another has taken its place; longer nobody waits. */
const PATIENCE_MS = 20_000
const RETRY_MS = 250
/** The answer to whoever follows a call that is over and has seen its last event. */
const NO_MORE_EVENTS = 204

/** The service's API refused or failed; the message says what and how to mend it. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
}

/** The part of the service's admin API that has to do with one call. */
export class ServiceApi {
  readonly #base: URL
  readonly #key: string
  readonly #patienceMs: number

  /** `patienceMs`: how long a service that does not answer is asked again. */
  constructor(base: URL, key: string, { patienceMs = PATIENCE_MS } = {}) {
    this.#base = base
    this.#key = key
    this.#patienceMs = patienceMs
  }

  get headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.#key}` }
  }

  /** The service's own id of the carrier's call; waits until the service knows the call. Rejects with ApiError. */
  async callIdOf(callSid: string, signal: AbortSignal): Promise<string> {
    const deadline = Date.now() + LOOKUP_TIMEOUT_MS
    while (Date.now() < deadline) {
      const { calls } = await this.#json<{ calls: { id: string }[] }>(
        `/api/v1/calls?provider_call_id=${callSid}`,
      )
      if (calls[0]) return calls[0].id
      await wait(LOOKUP_INTERVAL_MS, null, { signal })
    }
    throw new ApiError(`The service does not know the call ${callSid}: did its webhook reach the service?`)
  }

  /**
   * Everything that happens on the call, from its beginning to its end, as it happens: each event once, whichever process
   * tells it. `onGap` is called when the one that did is gone. Rejects with ApiError.
   */
  async *events(callId: string, signal: AbortSignal, onGap: () => void): AsyncGenerator<CallEvent> {
    let seen = 0
    for (;;) {
      const headers = { 'Last-Event-ID': `${seen}` }
      const answer = await this.#get(`/api/v1/calls/${callId}/events?follow`, signal, headers)
      if (answer.status === NO_MORE_EVENTS || !answer.body) return
      try {
        for await (const data of serverSentData(answer.body)) {
          const event = JSON.parse(data) as CallEvent
          seen = event.seq
          yield event
          if (event.stateAfter === 'ended') return
        }
      } catch (error) {
        // However a stream breaks, the next one goes on where it stopped.
        if (signal.aborted) throw error
      }
      onGap()
      await wait(RETRY_MS, null, { signal })
    }
  }

  /** A number that this agent answers. Rejects with ApiError. */
  async numberOf(agent: string): Promise<string> {
    const { agents } = await this.#json<{ agents: { name: string; numbers: string[] }[] }>('/api/v1/agents')
    const named = agents.filter(({ name }) => name.toLowerCase() === agent.toLowerCase())
    const number = named.flatMap(({ numbers }) => numbers)[0]
    if (number !== undefined) return number
    if (named.length > 0)
      throw new ApiError(
        `The agent "${agent}" answers no number: give it one under Agents in the console, like +15550190003.`,
      )
    const known = agents.map(({ name }) => `"${name}"`).join(', ') || 'none is set up'
    throw new ApiError(`There is no agent "${agent}"; there are: ${known}.`)
  }

  async conversation(callId: string): Promise<Turn[]> {
    const { turns } = await this.#json<{ turns: Turn[] }>(`/api/v1/calls/${callId}/conversation`)
    return turns
  }

  async #json<Body>(path: string): Promise<Body> {
    const answer = await this.#get(path, AbortSignal.timeout(this.#patienceMs))
    return (await answer.json()) as Body
  }

  async #get(path: string, signal: AbortSignal, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await this.#answerTo(path, { headers: { ...this.headers, ...headers }, signal })
    if (answer.ok) return answer
    await answer.body?.cancel()
    if (answer.status === 401)
      throw new ApiError('The service refused the admin key; give the right one with --key.')
    throw new ApiError(`The service answered GET ${path} with HTTP ${answer.status}.`)
  }

  /** Asks again while nobody answers: the service may be about to be there again. */
  async #answerTo(path: string, request: RequestInit & { signal: AbortSignal }): Promise<Response> {
    const deadline = Date.now() + this.#patienceMs
    for (;;) {
      try {
        return await fetch(new URL(path, this.#base), request)
      } catch (error) {
        const { name, message } = error as Error
        if (name === 'AbortError') throw error
        if (request.signal.aborted || Date.now() > deadline) {
          const what = `The service at ${this.#base.origin} does not answer: ${message}`
          throw new ApiError(what, { cause: error })
        }
      }
      await wait(RETRY_MS)
    }
  }
}

/**
 * The data of each server-sent event in a stream of bytes. Source: html.spec.whatwg.org, "Server-sent events"; ids, names
 * and comments are left out.
 */
export async function* serverSentData(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let pending = ''
  let data: string[] = []
  for await (const bytes of body) {
    const lines = (pending + decoder.decode(bytes, { stream: true })).split(/\r?\n/)
    pending = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('data:')) data.push(line.slice('data:'.length).replace(/^ /, ''))
      if (line !== '' || data.length === 0) continue
      yield data.join('\n')
      data = []
    }
  }
}
