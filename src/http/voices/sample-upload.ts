import type { NextFunction, Request, RequestHandler, Response } from 'express'
import multer, { MulterError, type StorageEngine } from 'multer'
import { HttpProblem } from '../../problem/problem.ts'
import { Spool } from '../../runtime/spool.ts'
import { bodyProgress } from '../body-deadline.ts'
import { uploadSlots } from '../upload-slots.ts'

/** One file of an upload, as the client calls it. Nothing about it has been checked but its size. */
export type UploadedFile = { fileName: string; mimeType: string; content: Spool }

export const SAMPLE_FIELD = 'sample'
export const MAX_SAMPLES = 10
const MAX_SAMPLE_BYTES = 10 * 1024 * 1024
export const ABOUT_SAMPLES = `Speech of this one person as wav, mp3, ogg, flac, m4a, webm or aac, each file at most ${MAX_SAMPLE_BYTES / 1024 ** 2} MB; a minute or two in all makes a good voice.`
/** A name and a consent, with room for fields that a client adds on its own. */
const MAX_FIELDS = 8
const MAX_FIELD_BYTES = 4_096

/** The files of each request until somebody takes them, or it ends. */
const received = new WeakMap<Request, UploadedFile[]>()

const closeAll = (files: UploadedFile[] = []) => Promise.all(files.map(({ content }) => content.close()))

const storage: StorageEngine = {
  _handleFile(req, { originalname, mimetype, stream }, done) {
    const files = received.get(req)
    if (!files) return done(new Error('The upload was given up.'))
    const content = new Spool()
    files.push({ fileName: plainName(originalname), mimeType: mimetype, content })
    spool(stream, content).then(() => done(null, { size: content.size }), done)
  },
  // Files live as long as their request.
  _removeFile: (_req, _file, done) => done(null),
}

async function spool(stream: AsyncIterable<Buffer>, content: Spool): Promise<void> {
  for await (const bytes of stream) await content.add(bytes)
}

const read = multer({
  storage,
  defParamCharset: 'utf8',
  limits: {
    files: MAX_SAMPLES,
    fileSize: MAX_SAMPLE_BYTES,
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    parts: MAX_SAMPLES + MAX_FIELDS,
  },
}).array(SAMPLE_FIELD)

/** Each takes up to a hundred megabytes of the folder for temporary files. */
const slot = uploadSlots({ ofOneAddress: 20, ofAll: 40 })

/** Reads a multipart form with samples: its text into `req.body`, its files for `withUploadedFiles`. */
export const receiveSamples: RequestHandler = (req, res, next) => {
  if (!req.is('multipart/form-data')) {
    throw new HttpProblem(415, 'The body must be a form, with Content-Type: multipart/form-data.')
  }
  received.set(req, [])
  res.once('close', () => void closeAll(take(req)))
  slot(req, res, () => bodyProgress(req, res, () => readForm(req, res, next)))
}

function readForm(req: Request, res: Response, next: NextFunction): void {
  read(req, res, (error: unknown) => {
    if (!error || error instanceof MulterError) return next(error)
    // What is left is what the parser says of a form that it cannot make out.
    next(new HttpProblem(400, 'The form in the body is malformed or cut short.', { cause: error }))
  })
}

/** Lends the files of a request: they are gone when `work` is done, also when the client has hung up meanwhile. */
export async function withUploadedFiles<Result>(
  req: Request,
  work: (files: UploadedFile[]) => Promise<Result>,
): Promise<Result> {
  const files = take(req)
  try {
    return await work(files)
  } finally {
    await closeAll(files)
  }
}

function take(req: Request): UploadedFile[] {
  const files = received.get(req) ?? []
  received.delete(req)
  return files
}

const MAX_NAME = 200

/** A name is only a label for people; it never becomes a path, and what cannot be kept in a database is dropped. */
const plainName = (name: string) =>
  name
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '')
    .slice(-MAX_NAME) || 'sample'
