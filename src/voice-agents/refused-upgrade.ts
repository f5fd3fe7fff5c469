import type { IncomingMessage } from 'node:http'

/** Enough of an answer to say why; a page of a proxy may be long. */
const MAX_BODY_BYTES = 4_096

/** An answer that is no WebSocket: its status line, and the beginning of its body. */
export type RefusedUpgrade = { status: string; body: string }

/** Never rejects. */
export async function readRefusedUpgrade(answer: IncomingMessage): Promise<RefusedUpgrade> {
  const { statusCode, statusMessage = '' } = answer
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_BODY_BYTES) break
    }
  } catch {
    // What came is what is told.
  }
  const body = Buffer.concat(chunks).toString('utf8', 0, MAX_BODY_BYTES)
  return { status: `${statusCode} ${statusMessage}`.trim(), body }
}

/** As one sentence. */
export const wordsOf = ({ status, body }: RefusedUpgrade): string => [status, body].filter(Boolean).join(': ')
