import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

/*
 * Why a chart cannot be loaded, in words that lead to the line. Needs nothing that a broken chart would keep from being
 * loaded.
 */

/** Of XState's own errors: `Child state 'rejoinin' does not exist on 'leg'`. */
const UNKNOWN_STATE = /Child state (?:node )?'[.#]?([^']+)' does not exist/

/** A name that stands in more lines than this does not lead to the one that is wrong. */
const MOST_LINES = 3

/** What is wrong, where, and how to mend it, as `: words` or ` (place): words`; `folder` has the files of the chart. */
export async function loadFault(error: unknown, folder: string): Promise<string> {
  const { message, stack = '' } = error as Error
  const state = UNKNOWN_STATE.exec(message)?.[1]
  const places = state ? await linesNaming(state, folder) : placeIn(stack, folder)
  const place = places.length > 0 && places.length <= MOST_LINES ? ` (${places.join(' or ')})` : ''
  const mend = state
    ? 'correct the name, or add the state: a target is the key of a sibling, .key of a state within, or #id'
    : 'correct what is written there'
  return `${place}: ${message.replaceAll(/\s*\n\s*/g, ' ').replace(/[.\s]+$/, '')}. To mend: ${mend}.`
}

/** Node begins the stack of a syntax error with its place. */
function placeIn(stack: string, folder: string): string[] {
  const room = basename(folder)
  const places = [...stack.matchAll(/[^\s:]+\.ts:\d+/g)].map(([place]) => place)
  return places
    .filter((place) => place.includes(`/${room}/`))
    .map((place) => place.slice(place.lastIndexOf(`/${room}/`) + 1))
    .slice(0, 1)
}

async function linesNaming(state: string, folder: string): Promise<string[]> {
  const names = (line: string) =>
    [...line.matchAll(/['"`]([\w.#-]+)['"`]/g)].flatMap(([, target = '']) => target.split(/[.#]/))
  const files = (await readdir(folder, { recursive: true }).catch(() => []))
    .filter((file) => file.endsWith('.ts'))
    .sort()
  const found = files.map(async (file) => {
    const lines = (await readFile(join(folder, file), 'utf8')).split('\n')
    return lines.flatMap((line, index) =>
      names(line).includes(state) ? [`${basename(folder)}/${file}:${index + 1}`] : [],
    )
  })
  return (await Promise.all(found)).flat()
}
