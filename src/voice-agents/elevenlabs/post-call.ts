import { z } from 'zod'
import { storable } from '../storable-text.ts'
import { PostCallSignature } from './post-call-signature.ts'

/** What one delivery brings; the rest of the vendor's data stays in `data` as it came. */
export type PostCallDelivery =
  | { kind: 'report'; part: PostCallPart }
  | { kind: 'ignored' }
  | { kind: 'refused'; why: string }
  | { kind: 'malformed'; why: string }

export type PostCallPart =
  | { conversationId: string; kind: 'transcription' | 'failure'; data: object }
  | { conversationId: string; kind: 'audio'; data: Buffer }

const conversation = z.looseObject({ conversation_id: z.string().min(1).max(255) })

const Report = z.discriminatedUnion('type', [
  z.object({ type: z.literal('post_call_transcription'), data: conversation }),
  z.object({ type: z.literal('post_call_audio'), data: conversation.extend({ full_audio: z.base64() }) }),
  z.object({ type: z.literal('call_initiation_failure'), data: conversation }),
])
const AnyReport = z.object({ type: z.string() })
const KNOWN_TYPES: readonly string[] = [
  'post_call_transcription',
  'post_call_audio',
  'call_initiation_failure',
]

/** Checks a delivery and reads it. */
export function openPostCall(secret: string, now: () => number = Date.now) {
  return (rawBody: Buffer, header: string): PostCallDelivery => {
    const signature = PostCallSignature.read(secret, header, now())
    const why = 'why' in signature ? signature.why : signature.update(rawBody).refusal()
    return why === null ? readReport(rawBody) : { kind: 'refused', why }
  }
}

/** Reads a report that is known to be the vendor's. A large one takes long: see post-call-worker.ts. */
export function readReport(rawBody: Buffer): Exclude<PostCallDelivery, { kind: 'refused' }> {
  const json = parse(rawBody)
  const { data: any } = AnyReport.safeParse(json)
  if (!any) return { kind: 'malformed', why: 'it is not JSON with a type, or it is nested too deep' }
  if (!KNOWN_TYPES.includes(any.type)) return { kind: 'ignored' }
  const { data: report, error } = Report.safeParse(json)
  if (!report) return { kind: 'malformed', why: `${error.issues[0]?.path.join('.')} is not as documented` }
  return { kind: 'report', part: partOf(report) }
}

function partOf({ type, data }: z.output<typeof Report>): PostCallPart {
  const conversationId = data.conversation_id
  switch (type) {
    case 'post_call_transcription':
      return { kind: 'transcription', conversationId, data }
    case 'post_call_audio':
      return { kind: 'audio', conversationId, data: Buffer.from(String(data.full_audio), 'base64') }
    case 'call_initiation_failure':
      return { kind: 'failure', conversationId, data }
  }
}

function parse(body: Buffer): unknown {
  try {
    return storableJson(JSON.parse(body.toString()))
  } catch {
    return null
  }
}

/** No report is nested deeper; some thousands of levels would exhaust the stack. */
const MAX_DEPTH = 64

/** The report with every text in it as PostgreSQL can keep it. Throws at MAX_DEPTH. */
function storableJson(value: unknown, levels = MAX_DEPTH): unknown {
  if (typeof value === 'string') return storable(value)
  if (typeof value !== 'object' || value === null) return value
  if (levels === 0) throw new RangeError(`The report is nested more than ${MAX_DEPTH} levels deep.`)
  if (Array.isArray(value)) return value.map((item) => storableJson(item, levels - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [storable(key), storableJson(item, levels - 1)]),
  )
}
