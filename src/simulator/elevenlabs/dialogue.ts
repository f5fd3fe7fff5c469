import type { Cancel, ClockScope } from '../clock-scope.ts'
import type { Script } from '../script.ts'

/** From the end of the caller's pause to the first sound of the answer: transcription, model and synthesis. */
const THINKING_MS = 400
/** From the goodbye's last word to the end of the conversation. */
const HANG_UP_MS = 400

/** What the dialogue can do; it decides when. */
export interface Stage {
  say(text: string): void
  /** Cuts the agent off, if it is speaking. */
  interrupt(): void
  hangUp(): void
}

/** Who speaks when, and what the agent says next. Knows neither sockets nor audio. */
export class Dialogue {
  readonly #clock: ClockScope
  readonly #script: Script
  readonly #turnTimeoutMs: number
  readonly #stage: Stage
  #next = 0
  #askedIfThere = false
  #saidGoodbye = false
  #callerSpeaking = false
  /** Whether anybody has said anything. */
  #hasBegun = false
  #awaitingCaller = false
  #cancelPending: Cancel = () => {}

  /** @param turnTimeoutMs how long the caller may be silent; less than 0 is for ever. */
  constructor(clock: ClockScope, script: Script, turnTimeoutMs: number, stage: Stage) {
    this.#clock = clock
    this.#script = script
    this.#turnTimeoutMs = turnTimeoutMs
    this.#stage = stage
  }

  /** Opens with the first message; without one the caller speaks first. */
  start(firstMessage: string): void {
    if (firstMessage === '') this.#listen()
    else this.#say(firstMessage)
  }

  callerStarted(): void {
    this.#hasBegun = true
    this.#callerSpeaking = true
    this.#askedIfThere = false
    this.stop()
    this.#stage.interrupt()
    if (this.#saidGoodbye) this.#pending(HANG_UP_MS, () => this.#stage.hangUp())
  }

  /** The client wrote something. */
  wasWrittenTo(): void {
    if (this.#hasBegun) {
      this.callerStarted()
      this.callerStopped()
    } else this.#pending(THINKING_MS, () => this.#say(this.#script.reconnected))
  }

  callerStopped(): void {
    this.#callerSpeaking = false
    if (!this.#saidGoodbye) this.#pending(THINKING_MS, () => this.#answer())
  }

  /** The caller is there without having spoken, so the wait for their words starts anew. */
  callerActive(): void {
    if (this.#awaitingCaller) this.#listen()
  }

  agentFinished(): void {
    if (this.#saidGoodbye) this.#pending(HANG_UP_MS, () => this.#stage.hangUp())
    else if (!this.#callerSpeaking) this.#listen()
  }

  stop(): void {
    this.#cancelPending()
    this.#awaitingCaller = false
  }

  #listen(): void {
    if (this.#turnTimeoutMs < 0) return
    this.#pending(this.#turnTimeoutMs, () => this.#nothingSaid())
    this.#awaitingCaller = true
  }

  #nothingSaid(): void {
    if (this.#askedIfThere) {
      this.#goodbye()
    } else {
      this.#askedIfThere = true
      this.#say(this.#script.stillThere)
    }
  }

  #answer(): void {
    const reply = this.#script.replies[this.#next++]
    if (reply === undefined) this.#goodbye()
    else this.#say(reply)
  }

  #goodbye(): void {
    this.#saidGoodbye = true
    this.#say(this.#script.goodbye)
  }

  #say(text: string): void {
    this.#hasBegun = true
    this.#stage.interrupt()
    this.#stage.say(text)
  }

  /** One thing is to come at a time: an answer, a question after silence, or the end. */
  #pending(ms: number, task: () => void): void {
    this.stop()
    this.#cancelPending = this.#clock.after(ms, () => {
      this.#awaitingCaller = false
      task()
    })
  }
}
