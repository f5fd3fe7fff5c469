import { createHmac } from 'node:crypto'

export type PostCallWebhook = { url: string; secret: string }

export type PostCallEvent = {
  type: 'post_call_transcription' | 'post_call_audio'
  event_timestamp: number
  data: object
}

const TIMEOUT_MS = 10_000
/** Audio bodies are tens of megabytes with the real vendor and come without a length, in pieces. */
const PIECE_BYTES = 64 * 1024

/**
 * Posts one signed event, once. As with the vendor nothing is retried, so it resolves to the status whatever it is.
 * @throws when the receiver cannot be reached, does not answer in 10 s, or `signal` aborts.
 */
export async function postEvent(
  webhook: PostCallWebhook,
  event: PostCallEvent,
  signal: AbortSignal,
): Promise<number> {
  const body = Buffer.from(JSON.stringify(event))
  const request: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'elevenlabs-signature': sign(body, webhook.secret) },
    body: event.type === 'post_call_audio' ? inPieces(body) : body,
    duplex: 'half',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  }
  const response = await fetch(webhook.url, request)
  await response.body?.cancel()
  return response.status
}

/** `t` is in Unix seconds; `v0` covers it and the body, so that neither can be replaced. */
function sign(body: Buffer, secret: string): string {
  const unixSeconds = Math.floor(Date.now() / 1000)
  const hash = createHmac('sha256', secret).update(`${unixSeconds}.`).update(body).digest('hex')
  return `t=${unixSeconds},v0=${hash}`
}

function inPieces(body: Buffer): ReadableStream {
  let start = 0
  return new ReadableStream({
    pull(controller) {
      if (start >= body.length) return controller.close()
      controller.enqueue(body.subarray(start, start + PIECE_BYTES))
      start += PIECE_BYTES
    },
  })
}
