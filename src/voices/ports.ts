import type { VoiceEvent } from '../../machines/call-events.ts'
import type { VoiceTrust } from '../calls/caller-trust.ts'
import type { Content } from '../runtime/spool.ts'

/** One file of speech as it was uploaded: so many bytes, read in pieces and as often as need be. `sha256` is of them, in hex. */
export type VoiceSample = Content & { fileName: string; mimeType: string; sha256: string }

/** Who agreed that this voice may be cloned, and when; without it nothing is cloned. */
export type Consent = { by: string; at: Date }

/** A caller's own voice: what is cloned for them. `sampleKey` is the hash of the samples' contents, whatever their order. */
export type CallerVoice = {
  callerId: string
  name: string
  consent: Consent
  sampleKey: string
  /** Who must vouch for the number of a caller who hears it; null is what the settings say. */
  trust: VoiceTrust | null
  createdAt: Date
  updatedAt: Date
}

/** A voice at the vendor, made from one set of samples. */
export type Clone = {
  sampleKey: string
  status: 'cloning' | 'ready' | 'failed'
  vendorVoiceId: string | null
  failure: string | null
  requestedAt: Date
  readyAt: Date | null
  expiresAt: Date | null
  lastUsedAt: Date | null
}

export type CloneLogEntry = {
  sampleKey: string
  result: 'cloned' | 'adopted' | 'failed' | 'timed_out' | 'evicted' | 'expired' | 'deleted'
  vendorVoiceId?: string | null
  durationMs?: number
  detail?: string
}

export interface VoiceStore {
  /**
   * Saves or replaces the caller's voice with its samples. What nobody uses any more is forgotten in the same transaction:
   * `forgotten` is the clone of the samples that were replaced, as by `forgetClone`.
   */
  save(voice: {
    callerId: string
    name: string
    consent: Consent
    sampleKey: string
    /** Left out, it is as it was. */
    trust?: VoiceTrust | null
    samples: VoiceSample[]
  }): Promise<{ voice: CallerVoice; forgotten: Clone | null }>
  find(callerId: string): Promise<CallerVoice | null>
  /** Null when there is no such mapping. */
  setTrust(callerId: string, trust: VoiceTrust | null): Promise<CallerVoice | null>
  /** Forgets the mapping, and samples and clone when no other caller uses them. Null when there was no mapping. */
  remove(callerId: string): Promise<{ forgotten: Clone | null } | null>
  samples(sampleKey: string): Promise<VoiceSample[]>

  /** `isExpired` by the store's clock, which set `expiresAt`. */
  clone(sampleKey: string): Promise<(Clone & { isExpired: boolean }) | null>
  /**
   * Creates the clone's row as `cloning`, or takes up one that was left so: that keeps its `requestedAt`. A durable job
   * in the same transaction looks for strays later.
   */
  beginClone(sampleKey: string): Promise<Clone>
  /**
   * Marks the clone ready for so long and, in the same transaction, schedules its expiry as a durable job. Resolves with false when
   * the row is gone, because somebody deleted the voice while it was made: then the removal of the vendor's copy is
   * scheduled.
   */
  markReady(sampleKey: string, vendorVoiceId: string, ttlMs: number): Promise<boolean>
  markFailed(sampleKey: string, failure: string): Promise<void>
  /** Has the expiry looked at again after so long. */
  scheduleExpiry(sampleKey: string, vendorVoiceId: string, delayMs: number): Promise<void>
  /** Has the vendor asked a while from now for voices of this clone that nobody knows of. */
  scheduleStraySearch(clone: Pick<Clone, 'sampleKey' | 'requestedAt'>): Promise<void>
  /**
   * Takes the clone out of the cache and, in the same transaction, schedules the removal of the vendor's copy as a
   * durable job. Resolves with the row that was there, null when there was none.
   */
  forgetClone(sampleKey: string): Promise<Clone | null>
  /** The same for the ready clone that was used longest ago by a call that is over; null when each has a live call. */
  forgetLeastRecentlyUsed(): Promise<Clone | null>
  /** The vendor's copy is gone: the job that would remove it is taken back. */
  removalDone(vendorVoiceId: string): Promise<void>
  readyClones(): Promise<Clone[]>
  /** Whether a live call speaks with this voice. */
  isInUse(vendorVoiceId: string): Promise<boolean>
  log(entry: CloneLogEntry): Promise<void>
  /**
   * Why the last clone of these samples failed, if one has since then, or if the vendor refused the samples within an
   * hour: it may change its mind, and saved anew, or taken out of the cache, they are as new.
   */
  failureOf(sampleKey: string, since: Date | null): Promise<{ cause: VendorFailure; detail: string } | null>
}

/** Why the voice vendor did not do what was asked, in the words of this product. */
export type VendorFailure =
  /** The key is wrong or may not do this: trying again does not help. */
  | 'unauthorized'
  /** The samples or the request were refused: trying again does not help. */
  | 'rejected'
  /** Too many requests: try again after `retryAfterMs`. */
  | 'rate_limited'
  /** No voice slot is free: make room first. */
  | 'slots_full'
  /** The plan's monthly count of additions or its quota is used up. */
  | 'quota_exceeded'
  /** The vendor was slow, broken, unreachable or answered something that it should not: trying again may help. */
  | 'unavailable'

export class VendorError extends Error {
  readonly failure: VendorFailure
  readonly retryAfterMs: number | null
  constructor(
    failure: VendorFailure,
    message: string,
    options: { retryAfterMs?: number | null; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'VendorError'
    this.failure = failure
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** A maker of voices. Its methods take a bounded time, obey their signal, reject with VendorError and never retry. */
export interface VoiceVendor {
  /** Makes a voice of the samples. `name` is unique to this clone, so that one whose answer was lost can be found again. */
  clone(request: { name: string; samples: VoiceSample[]; signal?: AbortSignal }): Promise<{ voiceId: string }>
  /** The ids of the voices with exactly this name. */
  findByName(name: string, signal?: AbortSignal): Promise<string[]>
  /** Deletes a voice; one that the vendor does not know counts as deleted. */
  remove(voiceId: string, signal?: AbortSignal): Promise<void>
  /** Speaks the text: headerless mu-law, 8 kHz, mono. */
  speak(request: { voiceId: string; text: string; signal?: AbortSignal }): Promise<Buffer>
}

/** Tells every call that waits for these samples how it went. */
export type AnnounceVoice = (sampleKey: string, event: VoiceEvent) => Promise<void>

/** Enough to tell what is wrong; a web page of a proxy is longer. */
const LONGEST = 200

/**
 * What a vendor said, fit to be kept and shown: one line, bounded, and without what may be a phone number, a key or the
 * signature of an address. Null when nothing is left.
 */
export function vendorWords(said: string): string | null {
  const words = said
    .replace(/<style[^<]*<\/style>|<script[^<]*<\/script>|<[^<>]*>/gi, ' ')
    .replace(/([?&][\w-]+=)[^\s&"']+/g, '$1…')
    .replace(/\b(?:sk|xi|key|tok)[-_][\w-]{8,}/gi, '…')
    .replace(/\b(key|token|Bearer) [\w-]{16,}/gi, '$1 …')
    .replace(/\+?\d(?:[\s().-]{0,2}\d){6,}/g, '…')
    .replace(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
    .replace(/ +/g, ' ')
    .trim()
  if (words === '') return null
  return words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words
}
