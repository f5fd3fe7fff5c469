import type { Content } from '../../src/runtime/spool.ts'

/** All that is in it. */
export async function bytesOf(content: Pick<Content, 'pieces'>): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of content.pieces()) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
