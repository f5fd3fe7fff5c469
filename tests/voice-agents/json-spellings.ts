import fc from 'fast-check'

/*
 * JSON as no serializer writes it: any space between its tokens, any character of a string escaped or not, keys in any
 * order and more than once.
 */

/** A value whose objects are lists of entries, so that a key can be there twice. */
export type Json = null | boolean | number | string | Json[] | { entries: [key: string, value: Json][] }

export const object = (entries: [key: string, value: Json][]): Json => ({ entries })

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
/** Which letter of a string is escaped without need; null for none. */
const escapedAt = fc.option(fc.nat({ max: 12 }))

/** How somebody writes JSON: what comes between tokens, and what is done to strings; used round and round. */
export type Hand = { spaces: string[]; escapes: (number | null)[] }

export const anyHand: fc.Arbitrary<Hand> = fc.record({
  spaces: fc.array(space, { minLength: 1, maxLength: 8 }),
  escapes: fc.array(escapedAt, { minLength: 1, maxLength: 8 }),
})

/** Space anywhere, and nothing escaped that need not be. */
export const plainHand: fc.Arbitrary<Hand> = anyHand.map(({ spaces }) => ({ spaces, escapes: [null] }))

export function spell(value: Json, { spaces, escapes }: Hand): string {
  let spacesUsed = 0
  let escapesUsed = 0
  const gap = () => spaces[spacesUsed++ % spaces.length] ?? ''
  const quoted = (text: string) => {
    const escaped = escapes[escapesUsed++ % escapes.length] ?? text.length
    return `"${text
      .split('')
      .map((letter, at) => spellLetter(letter, at === escaped))
      .join('')}"`
  }
  const write = (part: Json): string => {
    if (typeof part === 'string') return quoted(part)
    if (Array.isArray(part)) return `[${gap()}${part.map(write).join(`${gap()},${gap()}`)}${gap()}]`
    if (typeof part !== 'object' || part === null) return JSON.stringify(part)
    const members = part.entries.map(([key, inner]) => `${quoted(key)}${gap()}:${gap()}${write(inner)}`)
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`
  }
  return `${gap()}${write(value)}${gap()}`
}

function spellLetter(letter: string, isEscaped: boolean): string {
  if (isEscaped) return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
  // What must be escaped, half a surrogate pair included.
  return JSON.stringify(letter).slice(1, -1)
}
