import type { Cloning } from './cloning.ts'
import type { VoiceRemoval } from './voice-removal.ts'

type ClonePayload = { sampleKey: string }
type VoicePayload = { vendorVoiceId: string }
type StraysPayload = { sampleKey: string; requestedAt: string }

/** The durable jobs of the voices room; each may run twice for the same thing, on any node. */
export function voiceJobs({
  cloning,
  removal,
  vendor,
}: {
  cloning: Cloning
  removal: VoiceRemoval
  vendor: { remove(voiceId: string, signal?: AbortSignal): Promise<void> }
}) {
  return {
    'clone-voice': ({ sampleKey }: ClonePayload, signal: AbortSignal, askedAt: Date) =>
      cloning.clone(sampleKey, signal, askedAt),

    'expire-voice': ({ sampleKey, vendorVoiceId }: ClonePayload & VoicePayload) =>
      removal.expire(sampleKey, vendorVoiceId),

    'forget-voice': ({ sampleKey, voiceId }: { sampleKey: string; voiceId: string }) =>
      removal.forgetGone(sampleKey, voiceId),

    'remove-vendor-voice': ({ vendorVoiceId }: VoicePayload, signal: AbortSignal) =>
      vendor.remove(vendorVoiceId, signal),

    'remove-stray-voices': ({ sampleKey, requestedAt }: StraysPayload, signal: AbortSignal) =>
      removal.removeStrays(sampleKey, new Date(requestedAt), signal),
  }
}
