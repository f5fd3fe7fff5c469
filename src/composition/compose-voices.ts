import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import type { PhoneNumbers } from '../numbers/phone-numbers.ts'
import type { Metrics } from '../observability/metrics.ts'
import { CallerVoices } from '../voices/caller-voices.ts'
import { Cloning } from '../voices/cloning.ts'
import { Greeting } from '../voices/greeting.ts'
import type { AnnounceVoice, VoiceVendor } from '../voices/ports.ts'
import { VendorPolicy } from '../voices/vendor-policy.ts'
import { voiceJobs } from '../voices/voice-jobs.ts'
import { VoiceRemoval } from '../voices/voice-removal.ts'
import type { Storage } from './storage.ts'

export type VoiceParts = {
  jobs: ReturnType<typeof voiceJobs>
  callerVoices: CallerVoices
  greeting: Greeting
  policy: VendorPolicy
}

/** Callers' voices and the greeting, on one vendor. */
export function createVoices(options: {
  storage: Storage
  config: Config
  numbers: PhoneNumbers
  metrics: Metrics
  vendor: VoiceVendor
  announce: AnnounceVoice
  log: Logger
}): VoiceParts {
  const { storage, config, numbers, metrics, vendor, announce, log } = options
  const policy = new VendorPolicy()
  const shared = { store: storage.voices, vendor, log }
  const removal = new VoiceRemoval(shared)
  const cloning = new Cloning({
    ...shared,
    policy,
    removal,
    announce,
    ttlMs: config.voices.voiceCacheTtlMs,
    onClone: ({ result, seconds }) => metrics.cloneSeconds.observe({ result }, seconds),
  })
  const { voiceId, message: text } = config.greeting
  const greeting = new Greeting({ voiceId, text, vendor, assets: storage.assets, log })
  const callerVoices = new CallerVoices(storage.voices, removal, (callerId) => numbers.canonical(callerId))
  return { policy, greeting, callerVoices, jobs: voiceJobs({ cloning, removal, vendor }) }
}
