import type { Logger } from 'pino'
import type { Config } from '../config.ts'
import type { Metrics } from '../metrics.ts'
import { CallerVoices } from '../voices/caller-voices.ts'
import { Cloning } from '../voices/cloning.ts'
import { Greeting } from '../voices/greeting.ts'
import type { AnnounceVoice, VoiceVendor } from '../voices/ports.ts'
import { VendorPolicy } from '../voices/vendor-policy.ts'
import type { Storage } from './storage.ts'

export type VoiceParts = {
  cloning: Cloning
  callerVoices: CallerVoices
  greeting: Greeting
  policy: VendorPolicy
}

/** Callers' voices and the greeting, on one vendor. */
export function createVoices(options: {
  storage: Storage
  config: Config
  metrics: Metrics
  vendor: VoiceVendor
  announce: AnnounceVoice
  log: Logger
}): VoiceParts {
  const { storage, config, metrics, vendor, announce, log } = options
  const policy = new VendorPolicy()
  const cloning = new Cloning({
    ...{ vendor, policy, announce, log },
    store: storage.voices,
    now: () => new Date(),
    ttlMs: config.voices.voiceCacheTtlMs,
    onClone: ({ result, seconds }) => metrics.cloneSeconds.observe({ result }, seconds),
  })
  const { voiceId, message: text } = config.greeting
  const greeting = new Greeting({ voiceId, text, vendor, assets: storage.assets, log })
  return { policy, cloning, greeting, callerVoices: new CallerVoices(storage.voices, cloning) }
}
