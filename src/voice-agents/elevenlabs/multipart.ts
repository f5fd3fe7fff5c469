import { randomUUID } from 'node:crypto'
import { ReadableStream } from 'node:stream/web'
import type { Content } from '../../runtime/spool.ts'

/*
 * A form whose files are read while they are sent: `FormData` wants all of them in memory first.
 */

export type FormFile = Content & { field: string; fileName: string; mimeType: string }

export type Multipart = {
  headers: Record<string, string>
  /** To be sent once. */
  body: NonNullable<RequestInit['body']>
  /** Why a file could not be read to its end, which is no fault of whoever it is sent to; null when it could. */
  unread: () => unknown
}

/** Written as the HTML standard says (section "Multipart form data"); its length is known before. */
export function multipart(fields: Record<string, string>, files: FormFile[]): Multipart {
  const boundary = randomUUID()
  const texts = Object.entries(fields).map(
    ([name, value]) => `${head(boundary, `name="${escaped(name)}"`)}\r\n${value}\r\n`,
  )
  const fileHead = ({ field, fileName, mimeType }: FormFile) =>
    `${head(boundary, `name="${escaped(field)}"; filename="${escaped(fileName)}"`)}Content-Type: ${mimeType}\r\n\r\n`
  const end = `--${boundary}--\r\n`
  const bytesOfFile = (file: FormFile) => Buffer.byteLength(fileHead(file)) + file.size + 2
  const length =
    Buffer.byteLength(texts.join('') + end) + files.reduce((sum, file) => sum + bytesOfFile(file), 0)

  let unread: unknown = null
  async function* read() {
    yield Buffer.from(texts.join(''))
    for (const file of files) {
      yield Buffer.from(fileHead(file))
      // A connection may keep several of them until they are on their way.
      for await (const piece of file.pieces()) yield Buffer.from(piece)
      yield Buffer.from('\r\n')
    }
    yield Buffer.from(end)
  }
  async function* body() {
    try {
      yield* read()
    } catch (error) {
      unread = error
      throw error
    }
  }
  const headers = {
    'content-type': `multipart/form-data; boundary=${boundary}`,
    'content-length': `${length}`,
  }
  // The types of browsers and of Node differ in how a view is called; the stream is one.
  return { headers, body: ReadableStream.from(body()) as unknown as Multipart['body'], unread: () => unread }
}

const head = (boundary: string, disposition: string) =>
  `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`

const escaped = (name: string) => name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
