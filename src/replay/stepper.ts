import { emitKeypressEvents, type Key } from 'node:readline'
import { callLine, stepLines, verdictLines } from './print-replay.ts'
import type { Replay } from './replay.ts'

/* Steps through a replay in a terminal, forward and back, by single keys. */

/** A terminal: what `process.stdin` and `process.stdout` are when a person sits there. */
export type Terminal = {
  input: NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?: (raw: boolean) => unknown }
  output: { write(text: string): unknown }
}

const KEYS = '→ next  ← back  g first  G last  d first difference  q quit'
const CLEAR = '\x1b[2J\x1b[H'

/** Resolves when the person has seen enough. */
export async function stepThrough(replay: Replay, { input, output }: Terminal): Promise<void> {
  let place = 0
  const show = () => output.write(`${CLEAR}${pageOf(replay, place).join('\n')}\n`)
  emitKeypressEvents(input)
  input.setRawMode?.(true)
  input.resume()
  show()
  await new Promise<void>((left) => {
    const onKey = (_: string | undefined, key: Key) => {
      const next = placeAfter(key, place, replay)
      if (next !== null) {
        place = next
        return void show()
      }
      input.off('keypress', onKey)
      left()
    }
    input.on('keypress', onKey)
    input.once('end', left)
  })
  input.setRawMode?.(false)
  input.pause()
}

/** Where a key leads to, counted from 0; null for one that leaves. */
export function placeAfter(
  { name, shift, ctrl }: Pick<Key, 'name' | 'shift' | 'ctrl'>,
  place: number,
  { steps, firstDifference }: Pick<Replay, 'steps' | 'firstDifference'>,
): number | null {
  const last = steps.length - 1
  if (name === 'q' || name === 'escape' || (ctrl && (name === 'c' || name === 'd'))) return null
  if (name === 'end' || (name === 'g' && shift)) return last
  if (name === 'home' || name === 'g') return 0
  if (name === 'd') return firstDifference ?? place
  if (['right', 'down', 'space', 'return', 'n', 'j', 'l'].includes(name ?? ''))
    return Math.min(place + 1, last)
  if (['left', 'up', 'backspace', 'p', 'k', 'h'].includes(name ?? '')) return Math.max(place - 1, 0)
  return place
}

function pageOf(replay: Replay, place: number): string[] {
  const step = replay.steps[place]
  if (!step) return []
  const { context, accepts } = step.reproduced
  const remembered = Object.entries(context).map(([field, value]) => `  ${field} ${JSON.stringify(value)}`)
  return [
    callLine(replay),
    '',
    ...stepLines(step, replay),
    '',
    `Takes: ${accepts.join(', ') || 'nothing more'}`,
    'Remembers:',
    ...remembered,
    '',
    ...(place === replay.steps.length - 1 ? [...verdictLines(replay), ''] : []),
    `${place + 1} of ${replay.steps.length}   ${KEYS}`,
  ]
}
