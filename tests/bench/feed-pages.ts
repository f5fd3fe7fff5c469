import { type ClientRequest, get } from 'node:http'
import { constants, setPriority } from 'node:os'
import { answer } from './relay-child.ts'

/*
 * The consoles that people have open. They are on other machines, so this process has the lowest priority here, and only the
 * first of them is read as a browser would; of the others it is counted what came.
 */

setPriority(constants.priority.PRIORITY_LOW)

/** `frames` and `bytes` are of all pages, the rest is of the first. */
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
    Array.from({ length: pages }, (_, page) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      let rest = ''
      const request = get(url, { headers }, (response) => {
        response.setEncoding('utf8').on('data', (text: string) => {
          result.bytes += text.length
          const frames = (rest + text).split('\n\n')
          rest = frames.pop() ?? ''
          for (const frame of frames) if (read(frame, page === 0)) resolve()
        })
        response.on('error', () => {})
      })
      request.on('error', () => {})
      requests.push(request)
      return promise
    }),
  )
}

function read(frame: string, isLookedAt: boolean): boolean {
  if (frame.includes('event: snapshot')) return true
  if (!frame.includes('event: changes')) return false
  result.frames++
  if (!isLookedAt) return false
  const data = frame.slice(frame.indexOf('\ndata:') + '\ndata:'.length)
  const now = Date.now()
  const calls = JSON.parse(data) as { at: string }[]
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
