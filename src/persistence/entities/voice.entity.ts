import { defineEntity, p } from '@mikro-orm/core'
import type { VoiceTrust } from '../../calls/caller-trust.ts'

/** A caller's own voice: which samples it is cloned from, and who agreed to that. */
const CallerVoiceMappingSchema = defineEntity({
  name: 'CallerVoiceMapping',
  tableName: 'caller_voice_mapping',
  properties: {
    callerId: p.string().primary(),
    name: p.string(),
    sampleKey: p.string(),
    consentBy: p.text(),
    consentAt: p.datetime(),
    /** Who must vouch for the caller's number; null is what the settings say. */
    trust: p.string().$type<VoiceTrust>().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
  indexes: [{ name: 'caller_voice_mapping_sample', properties: ['sampleKey'] }],
})
export class CallerVoiceMapping extends CallerVoiceMappingSchema.class {}
CallerVoiceMappingSchema.setClass(CallerVoiceMapping)

/** The speech that a voice is cloned from. Kept here so that any node can clone it. */
const VoiceSampleSchema = defineEntity({
  name: 'VoiceSampleFile',
  tableName: 'voice_sample',
  properties: {
    sampleKey: p.string().primary(),
    sha256: p.string().primary(),
    fileName: p.text(),
    mimeType: p.string(),
    bytes: p.blob(),
  },
})
export class VoiceSampleFile extends VoiceSampleSchema.class {}
VoiceSampleSchema.setClass(VoiceSampleFile)

/** The voices at the vendor, by what they were made from. */
const VoiceCloneCacheSchema = defineEntity({
  name: 'VoiceCloneCache',
  tableName: 'voice_clone_cache',
  properties: {
    sampleKey: p.string().primary(),
    status: p.string().$type<'cloning' | 'ready' | 'failed'>(),
    vendorVoiceId: p.string().nullable(),
    failure: p.text().nullable(),
    requestedAt: p.datetime().defaultRaw('now()'),
    readyAt: p.datetime().nullable(),
    expiresAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
  },
})
export class VoiceCloneCache extends VoiceCloneCacheSchema.class {}
VoiceCloneCacheSchema.setClass(VoiceCloneCache)

/** A job by which a voice is ended later, on its way to the queue. */
const VoiceJobSchema = defineEntity({
  name: 'VoiceJob',
  tableName: 'voice_job',
  properties: {
    id: p.bigint().primary(),
    task: p.string(),
    payload: p.json<object>().columnType('json'),
    key: p.string(),
    queue: p.string().nullable(),
    attempts: p.integer(),
    runAt: p.datetime(),
  },
})
export class VoiceJob extends VoiceJobSchema.class {}
VoiceJobSchema.setClass(VoiceJob)

/** What became of every clone and every look-up; the statistics are counted from it. */
const VoiceCloneLogSchema = defineEntity({
  name: 'VoiceCloneLog',
  tableName: 'voice_clone_log',
  properties: {
    id: p.bigint().primary().autoincrement(),
    sampleKey: p.string(),
    callId: p.uuid().nullable(),
    result: p.string(),
    vendorVoiceId: p.string().nullable(),
    durationMs: p.integer().nullable(),
    detail: p.text().nullable(),
    at: p.datetime().defaultRaw('now()'),
  },
  indexes: [
    { name: 'voice_clone_log_result', properties: ['result', 'at'] },
    {
      name: 'voice_clone_log_duration',
      expression: `create index "voice_clone_log_duration" on "voice_clone_log" ("duration_ms") where "result" = 'cloned'`,
    },
  ],
})
export class VoiceCloneLog extends VoiceCloneLogSchema.class {}
VoiceCloneLogSchema.setClass(VoiceCloneLog)

/** Audio that was rendered once and is served under a name that never changes, such as the greeting. */
const AudioAssetSchema = defineEntity({
  name: 'AudioAsset',
  tableName: 'audio_asset',
  properties: {
    key: p.string().primary(),
    bytes: p.blob(),
  },
})
export class AudioAsset extends AudioAssetSchema.class {}
AudioAssetSchema.setClass(AudioAsset)
