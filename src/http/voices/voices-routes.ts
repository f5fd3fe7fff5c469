import { z } from 'zod'
import { VOICE_TRUSTS, type VoiceTrust } from '../../calls/caller-trust.ts'
import { PhoneNumbers } from '../../numbers/phone-numbers.ts'
import { HttpProblem } from '../../problem/problem.ts'
import type { CallerVoice, Clone, Consent } from '../../voices/ports.ts'
import { addressOf } from '../addresses.ts'
import type { AsJson } from '../as-json.ts'
import { callerId, dialledAddress, text } from '../fields.ts'
import { type AnyRoute, route } from '../route.ts'
import { readConsent } from './consent.ts'
import {
  ABOUT_SAMPLES,
  MAX_SAMPLES,
  receiveSamples,
  SAMPLE_FIELD,
  type UploadedFile,
  withUploadedFiles,
} from './sample-upload.ts'

export interface CallerVoices {
  /** Checks the samples and keeps them; resolves with what is wrong, one sentence each, when they are no good. */
  save(upload: {
    callerId: string
    name: string
    consent: Consent
    trust?: VoiceTrust | null
    files: UploadedFile[]
  }): Promise<CallerVoice | { refused: string[] }>
  find(callerId: string): Promise<CallerVoice | null>
  /** Null when there is no such voice. */
  setTrust(callerId: string, trust: VoiceTrust | null): Promise<CallerVoice | null>
  /** The clone made of these samples; null while there is none. */
  clone(sampleKey: string): Promise<Clone | null>
  /** Forgets the mapping, the samples and the clone, here and at the vendor. False when there was none. */
  remove(callerId: string): Promise<boolean>
}

export const Voice = z
  .object({
    callerId: z.string(),
    name: z.string(),
    consent: z.object({ by: z.string(), at: z.date() }),
    sampleKey: z.string().describe('Names the samples by their content.'),
    trust: z
      .enum(VOICE_TRUSTS)
      .nullable()
      .describe(
        'Who must vouch for a caller’s number: attested, trunk or any; null is VOICE_TRUST of the settings.',
      ),
    createdAt: z.date(),
    updatedAt: z.date(),
    clone: z
      .object({
        status: z.enum(['cloning', 'ready', 'failed']),
        vendorVoiceId: z.string().nullable(),
        failure: z.string().nullable(),
        readyAt: z.date().nullable(),
        expiresAt: z.date().nullable(),
      })
      .nullable()
      .describe('Null until a call has asked for the clone, and after it has expired.'),
  })
  .meta({ id: 'CallerVoice' })

export type Voice = AsJson<z.output<typeof Voice>>

/** A form has no null. */
const AS_SET = 'default'

const Upload = z.object({
  name: text().optional().describe('What people call the voice; the caller id when it is left out.'),
  consent: z
    .string('must say who agreed and when, like: Ann Example, 2026-11-20')
    .transform((written, context) => {
      const consent = readConsent(written)
      if (consent) return consent
      context.addIssue('must say who agreed and when, like: Ann Example, 2026-11-20')
      return z.NEVER
    })
    .describe(
      'Who agreed to the cloning and when, as text such as `Ann Example, 2026-11-20` or as JSON `{"by", "at"}`; not in the future.',
    ),
  trust: z
    .enum([...VOICE_TRUSTS, AS_SET])
    .transform((trust) => (trust === AS_SET ? null : trust))
    .optional()
    .describe(
      `Who must vouch for a caller’s number before they hear the voice: attested, trunk or any; ${AS_SET} is VOICE_TRUST of the settings. Left out, it is as it was.`,
    ),
})

const params = z.object({ caller_id: callerId() })
const newParams = z.object({
  caller_id: dialledAddress().describe('In whatever spelling, such as +15551234567; URL-encoded.'),
})
const UNKNOWN = { 404: 'This caller has no voice of their own.' }
const unknownVoice = () => new HttpProblem(404, UNKNOWN[404])

/** Callers' own voices: the samples that they are cloned from, and who agreed to that. */
export function voicesRoutes(voices: CallerVoices, numbers = new PhoneNumbers(null)): AnyRoute[] {
  const withClone = async (voice: CallerVoice) => ({ ...voice, clone: await voices.clone(voice.sampleKey) })
  return [
    route({
      method: 'put',
      path: '/voices/{caller_id}',
      summary:
        'Sets the voice of a caller: samples of speech (wav, mp3, ogg, flac, m4a, webm or aac) and the consent to clone it',
      params: newParams,
      body: Upload,
      upload: {
        field: SAMPLE_FIELD,
        maxFiles: MAX_SAMPLES,
        about: ABOUT_SAMPLES,
        receive: receiveSamples,
      },
      answer: {
        status: 200,
        description: 'The voice replaced another.',
        created: 'The voice is new.',
        body: Voice,
      },
      problems: { 413: 'A sample is too large.', 415: 'The body is not a multipart form.' },
      handler: async ({ params, body: { name, consent, trust }, req, res }) => {
        const caller = addressOf(params.caller_id, numbers, '#/caller_id')
        const isNew = (await voices.find(caller)) === null
        const saved = await withUploadedFiles(req, (files) => {
          if (files.length === 0) throw unfitSamples(['at least one file is needed'])
          return voices.save({ callerId: caller, name: name ?? caller, consent, trust, files })
        })
        if ('refused' in saved) throw unfitSamples(saved.refused)
        if (isNew) res.status(201)
        return withClone(saved)
      },
    }),
    route({
      method: 'get',
      path: '/voices/{caller_id}',
      summary: 'The voice of a caller, and what became of its clone',
      params,
      answer: { status: 200, description: 'The voice.', body: Voice },
      problems: UNKNOWN,
      handler: async ({ params }) => {
        const voice = await voices.find(params.caller_id)
        if (!voice) throw unknownVoice()
        return withClone(voice)
      },
    }),
    route({
      method: 'patch',
      path: '/voices/{caller_id}',
      summary:
        'Sets who must vouch for a caller’s number before they hear the voice; calls under way keep theirs',
      params,
      body: z.strictObject({ trust: Voice.shape.trust }),
      answer: { status: 200, description: 'The voice.', body: Voice },
      problems: UNKNOWN,
      handler: async ({ params, body }) => {
        const voice = await voices.setTrust(params.caller_id, body.trust)
        if (!voice) throw unknownVoice()
        return withClone(voice)
      },
    }),
    route({
      method: 'delete',
      path: '/voices/{caller_id}',
      summary: 'Deletes the voice of a caller: samples and clone, here and at the vendor',
      params,
      answer: { status: 204, description: 'It is gone.' },
      problems: UNKNOWN,
      handler: async ({ params }) => {
        if (!(await voices.remove(params.caller_id))) throw unknownVoice()
      },
    }),
  ]
}

function unfitSamples(faults: string[]): HttpProblem {
  const errors = faults.map((detail) => ({ pointer: `#/${SAMPLE_FIELD}`, detail }))
  return new HttpProblem(422, `The samples cannot be used: ${faults.join('; ')}.`, { errors })
}
