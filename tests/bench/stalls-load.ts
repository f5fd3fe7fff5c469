import { createHmac, randomBytes } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'

/*
 * What a service is sent beside its calls, from a thread of its own: making it must not hold up whoever measures.
 */

export type StallsLoad = {
  kind: 'report' | 'samples' | 'lists'
  origin: string
  adminKey: string
  webhookSecret: string
  round: number
}

const { kind, origin, adminKey, webhookSecret, round } = workerData as StallsLoad
const MB = 1024 * 1024

const requests = {
  report(): Promise<Response> {
    const data = {
      conversation_id: `conv_bench_${round}`,
      full_audio: randomBytes(22 * MB).toString('base64'),
    }
    const body = JSON.stringify({ type: 'post_call_audio', data })
    const at = Math.floor(Date.now() / 1000)
    const digest = createHmac('sha256', webhookSecret).update(`${at}.${body}`).digest('hex')
    const headers = { 'Content-Type': 'application/json', 'ElevenLabs-Signature': `t=${at},v0=${digest}` }
    return fetch(`${origin}/webhook/elevenlabs/postcall`, { method: 'POST', headers, body })
  },

  samples(): Promise<Response> {
    const form = new FormData()
    form.set('consent', 'The bench, 2026-01-05')
    for (let file = 0; file < 10; file++)
      form.append('sample', new File([wavOf(10 * MB - 1_024)], `${file}.wav`, { type: 'audio/wav' }))
    return fetch(`${origin}/api/v1/voices/%2B155501${20_000 + round}`, {
      method: 'PUT',
      body: form,
      headers: { authorization: `Bearer ${adminKey}` },
    })
  },

  async lists(): Promise<Response> {
    const headers = { authorization: `Bearer ${adminKey}` }
    const paths = ['calls?limit=100', 'statistics', 'openapi.json', 'audit?limit=100', 'machines/call']
    const all = Array.from({ length: 4 }, () => paths).flat()
    const answers = await Promise.all(all.map((path) => fetch(`${origin}/api/v1/${path}`, { headers })))
    for (const answer of answers) await answer.arrayBuffer()
    return answers[0] as Response
  },
}

function wavOf(bytes: number): Uint8Array<ArrayBuffer> {
  const sound = randomBytes(bytes)
  const head = Buffer.alloc(44)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(36 + bytes, 4)
  head.write('WAVEfmt ', 8, 'latin1')
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(16_000, 24)
  head.writeUInt32LE(32_000, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36, 'latin1')
  head.writeUInt32LE(bytes, 40)
  return new Uint8Array(Buffer.concat([head, sound]))
}

const response = await requests[kind]()
parentPort?.postMessage(response.ok ? null : `${response.status} ${await response.text()}`)
