import { createHash } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import multer, { memoryStorage } from 'multer'
import { UnprocessableRequest, VendorError } from './vendor-error.ts'
import type { SimulatedVoice } from './voice-library.ts'
import type { Workspace } from './workspace.ts'

/** The vendor takes up to 25 samples; with the next limit, at most 275 MB wait in memory. */
const MAX_FILES = 25
const MAX_FILE_BYTES = 11 * 1024 * 1024
const DEFAULT_PAGE_SIZE = 10
const MAX_PAGE_SIZE = 100

export function voicesApi(workspace: Workspace): Router {
  const { voices } = workspace
  const router = Router()
  const upload = multer({ storage: memoryStorage(), limits: { files: MAX_FILES, fileSize: MAX_FILE_BYTES } })

  router.post('/v1/voices/add', upload.array('files'), (request, response) =>
    addVoice(workspace, request, response),
  )

  router.get('/v1/voices/:voiceId', (request, response) => {
    response.json(voiceBody(voices.get(request.params.voiceId)))
  })

  router.delete('/v1/voices/:voiceId', (request, response) => {
    if (workspace.faults.answerInstead('deleteVoice', response)) return
    voices.remove(request.params.voiceId)
    response.json({ status: 'ok' })
  })

  router.get('/v2/voices', (request, response) => {
    const found = voices.search(String(request.query.search ?? ''))
    const start = Number(request.query.next_page_token ?? 0) || 0
    const size = Math.min(Number(request.query.page_size) || DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    const has_more = start + size < found.length
    response.json({
      voices: found.slice(start, start + size).map(voiceBody),
      has_more,
      total_count: found.length,
      next_page_token: has_more ? String(start + size) : null,
    })
  })

  router.get('/v1/user/subscription', (_request, response) => {
    response.json(subscriptionBody(workspace))
  })

  return router
}

async function addVoice(workspace: Workspace, request: Request, response: Response): Promise<void> {
  const { faults, counts, clock, voices, cloneDelayMs } = workspace
  counts.clone++
  if (faults.hangClone) return
  if (faults.answerInstead('clone', response)) return
  const delayMs = cloneDelayMs(counts.clone)
  const voice = await voices.clone(readVoiceForm(request), async () => {
    await clock.wait(delayMs)
    await faults.clonesReleased()
  })
  response.json({ voice_id: voice.voiceId, requires_verification: false })
}

type VoiceForm = Pick<SimulatedVoice, 'name' | 'description' | 'labels' | 'samples'>

function readVoiceForm(request: Request): VoiceForm {
  const { name, description, labels } = request.body ?? {}
  const files = Array.isArray(request.files) ? request.files : []
  const missing = [...(name ? [] : ['name']), ...(files.length > 0 ? [] : ['files'])]
  if (missing.length > 0) throw UnprocessableRequest.missing(...missing)
  const empty = files.find((file) => file.size === 0)
  if (empty) throw new VendorError(400, 'invalid_file', `The file ${empty.originalname} is empty.`, 'files')
  return {
    name: String(name),
    description: description ? String(description) : null,
    labels: readLabels(labels),
    samples: files.map(({ originalname, mimetype, size, buffer }) => ({
      fileName: originalname,
      mimeType: mimetype,
      sizeBytes: size,
      hash: createHash('sha256').update(buffer).digest('hex'),
    })),
  }
}

/** Labels come as JSON inside the form. */
function readLabels(labels: unknown): Record<string, string> {
  if (labels === undefined || labels === '') return {}
  try {
    const entries = Object.entries(JSON.parse(String(labels)))
    return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))
  } catch {
    throw new VendorError(400, 'invalid_labels', 'labels must be a JSON object of strings.', 'labels')
  }
}

function voiceBody(voice: SimulatedVoice): object {
  return {
    voice_id: voice.voiceId,
    name: voice.name,
    category: voice.category,
    description: voice.description,
    labels: voice.labels,
    samples: voice.samples.map((sample) => ({
      sample_id: sample.hash.slice(0, 20),
      file_name: sample.fileName,
      mime_type: sample.mimeType,
      size_bytes: sample.sizeBytes,
      hash: sample.hash,
    })),
    preview_url: null,
    settings: null,
    is_owner: voice.category === 'cloned',
    created_at_unix: Math.floor(voice.createdAt.getTime() / 1000),
  }
}

function subscriptionBody({ voices, counts }: Workspace): object {
  return {
    tier: 'creator',
    status: 'active',
    character_count: counts.speechCharacters,
    character_limit: 100_000,
    max_credit_limit_extension: 0,
    can_extend_character_limit: false,
    allowed_to_extend_character_limit: false,
    voice_slots_used: voices.slotsUsed,
    voice_limit: voices.limit,
    voice_add_edit_counter: voices.addCounter,
    max_voice_add_edits: null,
    professional_voice_slots_used: 0,
    professional_voice_slots_used_in_workspace: 0,
    professional_voice_limit: 0,
    can_extend_voice_limit: false,
    can_use_instant_voice_cloning: true,
    can_use_professional_voice_cloning: false,
    current_overage: { amount: '0', currency: 'usd' },
    currency: 'usd',
    open_invoices: [],
    has_open_invoices: false,
  }
}
