import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { CallPath } from './call-paths.ts'
import { UnusableChart } from './unusable-chart.ts'

/*
 * The states in which calls of some version of the chart may live, as that version saves them: gone through with the very functions
 * with which it steps calls, along paths that come by everything that it does.
 */

/** One of them, in a file a line of JSON. */
export type LiveState = {
  /** As it is shown, such as `bridged.talking`. */
  place: string
  snapshot: object
  chartVersion: string
  /** The ids of the timers that may run in it; one that has run out is not set again. */
  timers: string[]
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** Of a file that `compat --write` has left, or of a revision of this repository. Rejects with UnusableChart. */
export async function liveStatesOf(fileOrRevision: string): Promise<LiveState[]> {
  const text = await readFile(fileOrRevision, 'utf8').catch(() => null)
  return text === null ? ofRevision(fileOrRevision) : linesOf(text, fileOrRevision)
}

function linesOf(text: string, file: string): LiveState[] {
  try {
    const states = text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as LiveState)
    if (states.every((state) => typeof state.place === 'string' && Array.isArray(state.timers))) return states
  } catch {
    // What follows says it.
  }
  throw new UnusableChart(
    `${file} holds no states of calls: npm run model -- compat --write FILE leaves such a file.`,
  )
}

async function ofRevision(revision: string): Promise<LiveState[]> {
  const folder = await mkdtemp(join(tmpdir(), 'precall-compat-'))
  try {
    const tree = join(folder, 'tree.tar')
    await run('git', ['-C', ROOT, 'archive', '--output', tree, revision, 'machines', 'src', 'package.json'])
    await run('tar', ['-x', '-f', tree, '-C', folder])
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    return await liveStatesIn(folder)
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string }
    const why = (stderr?.trim() || message).split('\n')[0]
    throw new UnusableChart(`${revision} is no file, and no revision whose chart can be looked at: ${why}`, {
      cause: error,
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type Stepped = {
  snapshot: object
  chartVersion: string
  stateAfter: string
  event: { type: string }
  timers: { set: { timerId: string }[]; cancel: string[] }
  end: object | null
}

/** What is asked of the code of any version. */
type Version = {
  coveringPaths: (cover: 'table') => CallPath[]
  beginCall: (callId: string, input: CallPath['input']) => Stepped
  stepCall: (row: object, event: { type: string }) => Stepped | null
}

/** Of the sources in this folder. */
export async function liveStatesIn(root: string): Promise<LiveState[]> {
  const load = (file: string) => import(pathToFileURL(resolve(root, file)).href)
  const version = {
    ...(await load('src/model/call-paths.ts')),
    ...(await load('src/calls/step.ts')),
  } as Version
  const found = new Map<string, LiveState>()
  for (const path of version.coveringPaths('table'))
    for (const state of statesAlong(path, version)) {
      const known = found.get(keyOf(state)) ?? state
      found.set(keyOf(state), { ...known, timers: [...new Set([...known.timers, ...state.timers])] })
    }
  return [...found.values()].sort((a, b) => a.place.localeCompare(b.place))
}

function* statesAlong({ input, steps }: CallPath, { beginCall, stepCall }: Version): Generator<LiveState> {
  let step = beginCall('call', input)
  let timers: string[] = []
  for (const [index, next] of [null, ...steps].entries()) {
    if (next) {
      const row = {
        id: 'call',
        snapshot: step.snapshot,
        chartVersion: step.chartVersion,
        lastSeq: index,
        endedAt: null,
      }
      const stepped = stepCall(row, next.party === 'timer' ? { type: next.timer } : next.event)
      if (!stepped) return
      step = stepped
    }
    if (step.end) return
    const gone = [...step.timers.cancel, step.event.type]
    const set = step.timers.set.map(({ timerId }) => timerId)
    timers = [...new Set([...timers.filter((timer) => !gone.includes(timer)), ...set])]
    yield {
      place: step.stateAfter,
      chartVersion: step.chartVersion,
      timers,
      snapshot: JSON.parse(JSON.stringify(step.snapshot)),
    }
  }
}

/** States that differ in what they remember alone are one. */
const keyOf = ({ place, snapshot }: LiveState): string =>
  JSON.stringify([place, (snapshot as { value: unknown }).value])
