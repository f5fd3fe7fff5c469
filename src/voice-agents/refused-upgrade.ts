import type { IncomingMessage } from 'node:http'

/** Enough of an answer to say why; a page of a proxy may be long. */
const MAX_BODY_BYTES = 4_096

/** The status line and the beginning of the body of an answer that is no WebSocket. Never rejects. */
export async function readRefusedUpgrade(answer: IncomingMessage): Promise<string> {
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
  return [`${statusCode} ${statusMessage}`.trim(), body].filter(Boolean).join(': ')
}
