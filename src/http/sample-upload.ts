import type { Request, RequestHandler } from 'express'
import multer, { MulterError } from 'multer'
import { HttpProblem } from './problem.ts'

/** One file of an upload, as the client calls it. Nothing about it has been checked but its size. */
export type UploadedFile = { fileName: string; mimeType: string; bytes: Buffer }

export const SAMPLE_FIELD = 'sample'
export const MAX_SAMPLES = 10
const MAX_SAMPLE_BYTES = 10 * 1024 * 1024
export const ABOUT_SAMPLES = `Speech of this one person as wav, mp3, ogg or flac, each file at most ${MAX_SAMPLE_BYTES / 1024 ** 2} MB; a minute or two in all makes a good voice.`
/** A name and a consent, with room for fields that a client adds on its own. */
const MAX_FIELDS = 8
const MAX_FIELD_BYTES = 4_096

const read = multer({
  storage: multer.memoryStorage(),
  defParamCharset: 'utf8',
  limits: {
    files: MAX_SAMPLES,
    fileSize: MAX_SAMPLE_BYTES,
    fields: MAX_FIELDS,
    fieldSize: MAX_FIELD_BYTES,
    parts: MAX_SAMPLES + MAX_FIELDS,
  },
}).array(SAMPLE_FIELD)

/** Reads a multipart form with samples: its text into `req.body`, its files for `uploadedFiles`. */
export const receiveSamples: RequestHandler = (req, res, next) => {
  if (!req.is('multipart/form-data')) {
    throw new HttpProblem(415, 'The body must be a form, with Content-Type: multipart/form-data.')
  }
  read(req, res, (error: unknown) => {
    if (!error || error instanceof MulterError) return next(error)
    // What is left is what the parser says of a form that it cannot make out.
    next(new HttpProblem(400, 'The form in the body is malformed or cut short.', { cause: error }))
  })
}

export function uploadedFiles(req: Request): UploadedFile[] {
  return (req.files as Express.Multer.File[]).map((file) => ({
    fileName: plainName(file.originalname),
    mimeType: file.mimetype,
    bytes: file.buffer,
  }))
}

const MAX_NAME = 200

/** A name is only a label for people; it never becomes a path, and what cannot be kept in a database is dropped. */
const plainName = (name: string) =>
  name
    .toWellFormed()
    .replaceAll(/\p{Cc}/gu, '')
    .slice(-MAX_NAME) || 'sample'
