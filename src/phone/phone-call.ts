import { Store } from '../console/store.ts'
import { type Credentials, credentialsFor, type Link, LinkRefused, lookAtLink } from './link-api.ts'
import { openMicrophone } from './microphone.ts'
import { SipLine } from './sip-line.ts'

/** How far the call is on this side; while it is `live`, `callState` says how far it is at the service. */
type Phase = 'looking' | 'refused' | 'ready' | 'asking' | 'dialing' | 'ringing' | 'live' | 'over'

export type PhoneState = {
  phase: Phase
  link: Link | null
  /** The state of the service's statechart; null before it was told. */
  callState: string | null
  isMuted: boolean
  /** The connection over which calls are placed is gone; the sound has one of its own. */
  isOffline: boolean
  /** What went wrong, in a sentence for the caller. */
  fault: string | null
  /** Of `performance.now()`; null before the answer. */
  answeredAt: number | null
  endedAt: number | null
}

const IDLE: PhoneState = {
  phase: 'looking',
  link: null,
  callState: null,
  isMuted: false,
  isOffline: false,
  fault: null,
  answeredAt: null,
  endedAt: null,
}

/** The one call of a link, from the look at it to its end. */
export class PhoneCall {
  readonly state = new Store<PhoneState>(IDLE)
  readonly #token: string
  #line: SipLine | null = null
  /** Counts the tries: what was begun for one that was called off is of no use. */
  #attempt = 0

  constructor(token: string) {
    this.#token = token
  }

  /** Asks whom the link calls, and whether it still does. */
  async look(): Promise<void> {
    if (!this.#token) return this.#refuse('This address is not whole: the link was cut off at its end.')
    try {
      this.#change({ link: await lookAtLink(this.#token), phase: 'ready', fault: null })
    } catch (error) {
      this.#stop(error)
    }
  }

  /** Must be called in a click's own turn, or the browser keeps the loudspeaker silent. */
  async place(): Promise<void> {
    const attempt = ++this.#attempt
    const isOff = () => attempt !== this.#attempt
    this.#change({ phase: 'asking', fault: null, isMuted: false, isOffline: false })
    let microphone: MediaStream | null = null
    try {
      microphone = await openMicrophone()
      if (!isOff()) this.#change({ phase: 'dialing' })
      const credentials = isOff() ? null : await credentialsFor(this.#token)
      if (credentials && !isOff()) this.#dial(credentials, microphone)
      else stopTracks(microphone)
    } catch (error) {
      stopTracks(microphone)
      if (!isOff()) this.#stop(error)
    }
  }

  hangUp(): void {
    this.#attempt++
    if (this.#line) this.#line.hangUp()
    else if (this.state.get().phase === 'dialing') this.#failed(null)
  }

  mute(isMuted: boolean): void {
    this.#line?.mute(isMuted)
    this.#change({ isMuted })
  }

  press(key: string): void {
    this.#line?.press(key)
  }

  #dial(credentials: Credentials, microphone: MediaStream): void {
    this.#line = new SipLine(credentials, microphone, {
      ringing: () => this.#change({ phase: 'ringing' }),
      answered: () => this.#answered(),
      told: (callState) => this.#change({ callState }),
      offline: (isOffline) => this.#change({ isOffline }),
      failed: (fault) => this.#failed(fault),
      ended: (fault) => this.#ended(fault),
    })
  }

  #answered(): void {
    this.#change({ phase: 'live', answeredAt: performance.now() })
    // It is used up: loaded again, the page would only say so.
    history.replaceState(null, '', location.pathname + location.search)
  }

  /** The link is as good as before, unless the service says otherwise. */
  #failed(fault: string | null): void {
    this.#line = null
    this.#change({ phase: 'ready', fault, callState: null })
    if (fault !== null) void lookAtLink(this.#token).catch((error: unknown) => this.#stopIfFinal(error))
  }

  #ended(fault: string | null): void {
    this.#line = null
    this.#change({ phase: 'over', fault, endedAt: performance.now() })
  }

  #stop(error: unknown): void {
    const { message } = error as Error
    if (!this.#stopIfFinal(error)) this.#change({ phase: 'ready', fault: message })
  }

  #stopIfFinal(error: unknown): boolean {
    const isFinal = error instanceof LinkRefused && error.isFinal
    if (isFinal) this.#refuse(error.message)
    return isFinal
  }

  #refuse(fault: string): void {
    this.#change({ phase: 'refused', fault })
  }

  #change(change: Partial<PhoneState>): void {
    this.state.set({ ...this.state.get(), ...change })
  }
}

function stopTracks(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}
