import { type ClientRequest, get } from 'node:http'
import { answer } from './relay-child.ts'

/* The consoles that people have open: each reads its stream as a browser does, and looks at every call that it is told of. */

export type PagesResult = { frames: number; changes: number; bytes: number; lagsMs: number[] }

let result: PagesResult
const reset = () => {
  result = { frames: 0, changes: 0, bytes: 0, lagsMs: [] }
}
reset()
const requests: ClientRequest[] = []

function open({ url, pages, key }: { url: string; pages: number; key: string }): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}` }
  return Promise.all(
    Array.from({ length: pages }, () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      let rest = ''
      const request = get(url, { headers }, (response) => {
        response.setEncoding('utf8').on('data', (text: string) => {
          result.bytes += text.length
          const frames = (rest + text).split('\n\n')
          rest = frames.pop() ?? ''
          for (const frame of frames) if (read(frame)) resolve()
        })
        response.on('error', () => {})
      })
      request.on('error', () => {})
      requests.push(request)
      return promise
    }),
  )
}

function read(frame: string): boolean {
  const data = frame.slice(frame.indexOf('\ndata:') + '\ndata:'.length)
  if (frame.includes('event: snapshot')) return true
  if (!frame.includes('event: changes')) return false
  const now = Date.now()
  const calls = JSON.parse(data) as { at: string }[]
  result.frames++
  result.changes += calls.length
  for (const { at } of calls) result.lagsMs.push(now - Date.parse(at))
  return false
}

answer({
  open: (argument) => open(argument as Parameters<typeof open>[0]),
  reset,
  result: () => result,
  close: () => {
    for (const request of requests.splice(0)) request.destroy()
  },
})
