import { createHash } from 'node:crypto'
import { type Request, type Response, Router } from 'express'
import { sliceOfLoop } from '../../audio/hold-track.ts'
import { writeMuLawWav } from '../../audio/wav.ts'
import { HttpProblem } from '../../problem/problem.ts'

/*
 * What carriers fetch to play to callers. It is open to all, for they bring no credentials, and holds nothing personal.
 */

/** Audio that was rendered once; what a key names never changes. Headerless mu-law, 8 kHz, mono. */
interface AudioAssets {
  get(key: string): Promise<Buffer | null>
}

export type AudioOptions = {
  assets: AudioAssets
  /** A loop of headerless mu-law, 8 kHz, mono. */
  holdTrack: Buffer
  /** What is said to callers whose carrier cannot speak, by name; in the same form. */
  spoken: Readonly<Record<string, Buffer>>
  /** How long one hold round lasts. */
  roundMs: number
}

/** A call of a day in rounds of a tenth of a second; no honest poll asks for more. */
const MAX_ROUND = 864_000

/** Mu-law at 8 kHz: one byte a sample. */
const BYTES_PER_MS = 8

export function audioRoutes({ assets, holdTrack, spoken, roundMs }: AudioOptions): Router {
  const roundBytes = Math.max(1, Math.round(roundMs * BYTES_PER_MS))
  const holdTag = tagOf(holdTrack)
  const spokenTags = new Map(Object.entries(spoken).map(([name, mulaw]) => [name, tagOf(mulaw)]))
  const router = Router()
  router.get('/greeting/:file', async (req, res) => {
    const key = /^([\w-]{1,128})\.wav$/.exec(req.params.file)?.[1]
    const mulaw = key ? await assets.get(key) : null
    if (!mulaw) throw new HttpProblem(404, 'There is no such greeting.')
    sendAudio(req, res, writeMuLawWav(mulaw), `${key}`)
  })
  router.get('/spoken/:file', (req, res) => {
    const name = /^(\w{1,32})\.wav$/.exec(req.params.file)?.[1] ?? ''
    const mulaw = Object.hasOwn(spoken, name) ? spoken[name] : null
    if (!mulaw) throw new HttpProblem(404, 'Nothing is said by this name.')
    sendAudio(req, res, writeMuLawWav(mulaw), spokenTags.get(name) ?? name)
  })
  router.get('/hold/:file', (req, res) => {
    const round = Number(/^(\d{1,6})\.wav$/.exec(req.params.file)?.[1] ?? Number.NaN)
    if (!(round <= MAX_ROUND)) throw new HttpProblem(404, 'There is no such hold round.')
    // Round n + 1 goes on where round n stopped.
    sendAudio(
      req,
      res,
      writeMuLawWav(sliceOfLoop(holdTrack, round * roundBytes, roundBytes)),
      `${holdTag}-${roundBytes}-${round}`,
    )
  })
  return router
}

const tagOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('base64url')

/** `tag` names exactly this audio. Carriers cache what they play for as long as they are told to, and ask again with `If-None-Match` and `Range`. */
function sendAudio(req: Request, res: Response, bytes: Buffer, tag: string): void {
  const etag = `"${tag}"`
  res.set({
    'Cache-Control': 'public, max-age=31536000, immutable',
    'Accept-Ranges': 'bytes',
    ETag: etag,
  })
  res.type('audio/wav')
  const range = requestedRange(req, bytes.length, etag)
  if (!range) {
    res.send(bytes)
    return
  }
  res.status(206).set('Content-Range', `bytes ${range.start}-${range.end}/${bytes.length}`)
  res.send(bytes.subarray(range.start, range.end + 1))
}

/** The one range that is asked for; several at once, and those of another version, are answered with the whole. */
function requestedRange(req: Request, size: number, etag: string): { start: number; end: number } | null {
  const ifRange = req.get('if-range')
  if (ifRange && ifRange !== etag) return null
  const ranges = req.range(size)
  if (ranges === -1) {
    throw new HttpProblem(416, `The audio has ${size} bytes.`, {
      headers: { 'Content-Range': `bytes */${size}` },
    })
  }
  if (!Array.isArray(ranges) || ranges.length !== 1 || ranges.type !== 'bytes') return null
  return ranges[0] ?? null
}
