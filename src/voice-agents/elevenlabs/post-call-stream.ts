import { inOwnThread } from '../../runtime/own-thread.ts'
import { NamelessFile, type OpenFile, Spool } from '../../runtime/spool.ts'
import { openPostCall, type PostCallPart } from './post-call.ts'
import { PostCallSignature } from './post-call-signature.ts'
import type { ReadLargeReport, ReportFiles } from './post-call-worker.ts'

/** A report of 64 MB takes four times that to read. */
const readInThread = inOwnThread<ReportFiles, ReadLargeReport>(
  new URL('./post-call-worker.ts', import.meta.url),
  { heapMb: 768 },
)

/** One part of a large report: the JSON text or the MP3 of it, in pieces. */
type LargePart = {
  conversationId: string
  kind: PostCallPart['kind']
  chunks: AsyncIterable<Buffer>
}

export type PostCallKeeper = {
  keep: (part: PostCallPart) => Promise<boolean>
  keepLarge: (part: LargePart) => Promise<boolean>
}

export type PostCallOutcome =
  | { kind: 'kept' }
  | { kind: 'ignored' }
  | { kind: 'refused'; why: string }
  | { kind: 'malformed'; why: string }

/**
 * Takes a delivery as it comes in: its signature is checked over the pieces, and only then is it read. However large it
 * is, it takes little memory and no more than a few milliseconds of this thread at a time.
 */
export function receivePostCall(
  secret: string,
  { keep, keepLarge }: PostCallKeeper,
  now: () => number = Date.now,
) {
  const openSmall = openPostCall(secret, now)

  return async (body: AsyncIterable<Buffer>, header: string): Promise<PostCallOutcome> => {
    const signature = PostCallSignature.read(secret, header, now())
    if ('why' in signature) return { kind: 'refused', why: signature.why }
    const spool = new Spool()
    try {
      for await (const bytes of body) {
        signature.update(bytes)
        await spool.add(bytes)
      }
      const { file, inMemory } = spool
      if (!file) return await keptSmall(openSmall(inMemory ?? Buffer.of(), header))
      const why = signature.refusal()
      return why === null ? await keptLarge(file) : { kind: 'refused', why }
    } finally {
      await spool.close()
    }
  }

  async function keptSmall(delivery: ReturnType<typeof openSmall>): Promise<PostCallOutcome> {
    if (delivery.kind !== 'report') return delivery
    await keep(delivery.part)
    return { kind: 'kept' }
  }

  async function keptLarge(body: OpenFile): Promise<PostCallOutcome> {
    const payload = await NamelessFile.open()
    try {
      const read = await readInThread({ body, payload: payload.fd })
      if (read.kind !== 'report') return read
      const { conversationId, part: kind, bytes } = read
      await keepLarge({ conversationId, kind, chunks: payload.pieces(bytes) })
      return { kind: 'kept' }
    } finally {
      await payload.close()
    }
  }
}
