import type { CallEvent } from '../../machines/call-events.ts'
import type { CallView } from '../../machines/instructions.ts'
import { viewOf } from '../../src/calls/view.ts'
import type { AgentAudio, AgentRequest, Turn } from '../../src/media/agent-port.ts'
import type { MediaCalls } from '../../src/media/calls-port.ts'
import { type AnyEvent, begin, type CallSnapshot, feed, INPUTS } from '../../src/model/call-model.ts'

export const CALL_ID = '01939d8e-7c4a-7b3e-9f2a-5d6c7b8a9e0f'
export const CALL_SID = 'CAc3e8e2d7b1f04d4f9d3f7c8a6b5e4d3c'

/** One call that the real chart drives, in memory, waiting for its first media stream. */
export class ChartCalls implements MediaCalls {
  readonly events: CallEvent[] = []
  readonly turns: Turn[] = []
  readonly agentAudio: [agentId: string, audio: AgentAudio][] = []
  readonly corrections: [original: string, spoken: string][] = []
  readonly watchers = new Set<(view: CallView) => void>()
  /** Held back answers: `join` and `send` wait for these. */
  joinGate: Promise<void> = Promise.resolve()
  sendGate: Promise<void> = Promise.resolve()
  /** What is out of order. */
  fault: 'join' | 'send' | 'unknown call' | 'request' | 'turns' | null = null
  #snapshot: CallSnapshot
  #seq = 1

  constructor() {
    this.#snapshot = feed(begin(INPUTS['default voice']).snapshot, {
      type: 'leg.instructionsRequested',
    }).snapshot
  }

  get snapshot(): CallSnapshot {
    return this.#snapshot
  }

  get view(): CallView {
    return { ...viewOf(this.#snapshot), seq: this.#seq }
  }

  /** The bridge that the call waits for or is at. */
  get token(): string {
    return `token-${this.view.context.bridgeNumber}`
  }

  /** Another part of the service, or a timer, says something to the call. */
  tell(event: AnyEvent): void {
    this.#snapshot = feed(this.#snapshot, event).snapshot
    this.#seq++
    this.show(this.view)
  }

  show(view: CallView): void {
    for (const watcher of this.watchers) watcher(view)
  }

  async join(claim: { callId: string; providerCallId: string; token: string | null }) {
    await this.joinGate
    if (this.fault === 'join') throw new Error('The database is away.')
    const { legId, bridgeNumber } = this.view.context
    if (claim.callId !== CALL_ID || claim.providerCallId !== CALL_SID) return { refused: 'unknown call' }
    if (claim.token !== this.token) return { refused: 'the token is wrong' }
    const before = this.#snapshot
    this.tell({ type: 'media.joined', leg: legId, bridgeNumber, node: 'node-1' })
    return this.#snapshot === before
      ? { refused: 'the token was used before' }
      : { legId, bridgeNumber, view: this.view }
  }

  async send(_callId: string, event: CallEvent): Promise<CallView | null> {
    await this.sendGate
    if (this.fault === 'send') throw new Error('The database is away.')
    this.events.push(event)
    if (this.fault === 'unknown call') return null
    this.tell(event)
    return this.view
  }

  watch(_callId: string, onChange: (view: CallView) => void): () => void {
    this.watchers.add(onChange)
    return () => this.watchers.delete(onChange)
  }

  async learnAgentAudio(agentId: string, audio: AgentAudio): Promise<void> {
    this.agentAudio.push([agentId, audio])
  }

  async agentRequest(callId: string): Promise<AgentRequest> {
    if (this.fault === 'request') throw new Error('The database is away.')
    const agent = {
      id: 'a1',
      name: 'Ann',
      backend: 'elevenlabs',
      vendorAgentId: null,
      model: null,
      turnDetection: null,
      voiceId: null,
    } as const
    return {
      callId,
      agent: { ...agent, instructions: null, firstMessage: null, language: null },
      voiceId: this.view.context.voiceId,
      refusedOverrides: [],
      conversationSoFar: [...this.turns],
      from: '+4930123',
      to: '+4930456',
    }
  }

  async recordTurn(_callId: string, turn: Pick<Turn, 'role' | 'text'>): Promise<void> {
    if (this.fault === 'turns') throw new Error(`could not write ${turn.text}`)
    this.turns.push({ ...turn, interrupted: false, at: new Date(Date.UTC(2026, 0, 1)) })
  }

  async correctTurn(_callId: string, original: string, spoken: string): Promise<void> {
    this.corrections.push([original, spoken])
  }
}
