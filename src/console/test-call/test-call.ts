import { callByCarrierId } from '../api/calls-api.ts'
import { LevelHistory } from '../audio/level-history.ts'
import { RecordedCaller } from '../audio/recorded-caller.ts'
import { TelephoneLine } from '../audio/telephone-line.ts'
import type { TelephoneReport } from '../audio/telephone-messages.ts'
import { stateOf } from '../call/call-story.ts'
import { FollowedCall } from '../call/followed-call.ts'
import { Store } from '../store.ts'
import { PhoneSocket } from './phone-socket.ts'

/** Who speaks into the call; `asking` while the browser asks the person about the microphone. */
export type Speaker = 'nobody' | 'asking' | 'microphone' | 'recording'

export type TestCallState = {
  phase: 'idle' | 'dialing' | 'live' | 'hanging-up' | 'over'
  from: string
  speaker: Speaker
  /** Why the recorded caller speaks although the microphone was wanted. */
  notice: string | null
  /** What went wrong with the phone itself. */
  fault: string | null
  /** On the page's own clock, in milliseconds. */
  startedAt: number
  endedAt: number
  followed: FollowedCall | null
}

/** `to` is the number that is called; null is the service's own. */
export type Wishes = { from: string; to: string | null; useMicrophone: boolean }

/** Read-only figures of the sound of the present or the last call; samples are of 8 kHz. */
export type AudioFigures = {
  sentFrames: number
  receivedFrames: number
  played: number
  skipped: number
  gaps: number
  loudestSpoken: number
  loudestHeard: number
}

const IDLE: TestCallState = {
  phase: 'idle',
  from: '',
  speaker: 'nobody',
  notice: null,
  fault: null,
  startedAt: 0,
  endedAt: 0,
  followed: null,
}

/** Eight seconds of frames. */
const HISTORY_FRAMES = 400
/** The carrier announces a call within milliseconds; after this it never will. */
const ANNOUNCE_MS = 10_000
const ANNOUNCE_RETRY_MS = 200
/** What still waits in the jitter buffer when the call ends is somebody's last word. */
const LAST_WORD_MS = 200
/** The carrier's goodbye; without it the phone is put down all the same. */
const GOODBYE_MS = 3_000

/** One test call at a time, from the click to the last word: phone, sound and what the service says about the call. */
export class TestCall {
  readonly state = new Store<TestCallState>(IDLE)
  spoken = new LevelHistory(HISTORY_FRAMES)
  heard = new LevelHistory(HISTORY_FRAMES)
  #sentFrames = 0
  #receivedFrames = 0
  #counts: TelephoneReport['counts'] = { played: 0, skipped: 0, gaps: 0 }
  #line: TelephoneLine | null = null
  #phone: PhoneSocket | null = null
  #recordedCaller: RecordedCaller | null = null

  get figures(): AudioFigures {
    return {
      sentFrames: this.#sentFrames,
      receivedFrames: this.#receivedFrames,
      ...this.#counts,
      loudestSpoken: this.spoken.peak,
      loudestHeard: this.heard.peak,
    }
  }

  /** Must be called in a click's own turn, for the sound's sake. */
  async place({ from, to, useMicrophone }: Wishes): Promise<void> {
    this.#reset(from)
    try {
      const line = await TelephoneLine.open((report) => this.#report(report))
      // Hung up while the sound was being prepared.
      if (this.state.get().phase !== 'dialing') return line.close()
      this.#line = line
      void this.#chooseSpeaker(line, useMicrophone)
      this.#dial(from, to, line)
    } catch (error) {
      this.#end(messageOf(error))
    }
  }

  hangUp(): void {
    const { phase } = this.state.get()
    if (phase === 'dialing') this.#end(null)
    if (phase !== 'live') return
    this.#change({ phase: 'hanging-up' })
    const phone = this.#phone
    phone?.hangUp()
    setTimeout(() => {
      if (this.#phone === phone) this.#end(null)
    }, GOODBYE_MS)
  }

  #reset(from: string): void {
    this.state.get().followed?.close()
    this.spoken = new LevelHistory(HISTORY_FRAMES)
    this.heard = new LevelHistory(HISTORY_FRAMES)
    this.#sentFrames = 0
    this.#receivedFrames = 0
    this.#counts = { played: 0, skipped: 0, gaps: 0 }
    this.state.set({ ...IDLE, phase: 'dialing', from })
  }

  #dial(from: string, to: string | null, line: TelephoneLine): void {
    this.#phone = new PhoneSocket(from, to, {
      ringing: (callSid) => {
        const startedAt = performance.now()
        this.#change({ phase: 'live', startedAt })
        void this.#follow(callSid, startedAt)
      },
      audio: (frame) => {
        this.#receivedFrames++
        line.play(frame)
      },
      ended: () => this.#end(null),
      lost: (message) => this.#end(message),
    })
  }

  async #chooseSpeaker(line: TelephoneLine, useMicrophone: boolean): Promise<void> {
    let notice: string | null = null
    if (useMicrophone) {
      this.#change({ speaker: 'asking' })
      try {
        await line.openMicrophone()
        if (this.#line === line) this.#change({ speaker: 'microphone' })
        return
      } catch (error) {
        notice = `${whyNoMicrophone(error)} A recorded caller speaks for you.`
      }
    }
    try {
      const recordedCaller = await RecordedCaller.load(line)
      if (this.#line !== line) return
      this.#recordedCaller = recordedCaller
      this.#change({ speaker: 'recording', notice })
    } catch (error) {
      if (this.#line === line)
        this.#change({ speaker: 'nobody', notice: `${messageOf(error)} You stay silent.` })
    }
  }

  /** The carrier knows the call by its own name; ours is learned as soon as the carrier has announced it. */
  async #follow(callSid: string, startedAt: number): Promise<void> {
    const isPresent = () => this.state.get().startedAt === startedAt
    while (isPresent() && performance.now() < startedAt + ANNOUNCE_MS) {
      const call = await callByCarrierId(callSid).catch(() => null)
      if (call && isPresent()) return this.#change({ followed: new FollowedCall(call.id) })
      await new Promise((resolve) => setTimeout(resolve, ANNOUNCE_RETRY_MS))
    }
  }

  #report({ frame, spoken, heard, counts }: TelephoneReport): void {
    this.#counts = counts
    this.spoken.add(spoken)
    this.heard.add(heard)
    if (this.state.get().phase !== 'live') return
    this.#sentFrames++
    this.#phone?.sendAudio(frame)
    if (this.#isTalking()) this.#recordedCaller?.hears(heard)
  }

  #isTalking(): boolean {
    const { followed } = this.state.get()
    return followed !== null && stateOf(followed.records.get()) === 'bridged.talking'
  }

  /** The one way out, however the call ends. */
  #end(fault: string | null): void {
    if (this.state.get().phase === 'over') return
    this.#phone?.close()
    this.#phone = null
    const line = this.#line
    setTimeout(() => line?.close(), LAST_WORD_MS)
    this.#line = null
    this.#recordedCaller = null
    const { startedAt } = this.state.get()
    this.#change({
      phase: 'over',
      speaker: 'nobody',
      fault,
      startedAt: startedAt || performance.now(),
      endedAt: performance.now(),
    })
  }

  #change(change: Partial<TestCallState>): void {
    this.state.set({ ...this.state.get(), ...change })
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))

function whyNoMicrophone(error: unknown): string {
  const name = error instanceof DOMException ? error.name : ''
  if (name === 'NotAllowedError') return 'The microphone was not allowed.'
  if (name === 'NotFoundError') return 'There is no microphone.'
  if (name === 'SecurityError') return 'Browsers give the microphone to pages from https or localhost only.'
  return 'The microphone does not work.'
}
