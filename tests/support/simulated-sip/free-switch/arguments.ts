/** What may stand between a backslash and nothing else: these escapes mean a character of their own. */
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', s: ' ' }

/**
 * Separates an argument string as FreeSWITCH does: at spaces, or at the character after a leading "^^". Quotes hold a part
 * together and are dropped, an empty last part is not counted, and the last of `most` parts keeps all the rest.
 * Source: FreeSWITCH, src/switch_utils.c, switch_separate_string.
 */
export function separateArguments(text: string, most: number): string[] {
  const delimiter = text.startsWith('^^') ? (text[2] ?? ' ') : ' '
  const parts: string[] = []
  let rest = text.startsWith('^^') ? text.slice(3) : text
  while (rest && parts.length < most) {
    const end = parts.length === most - 1 ? rest.length : partEnd(rest, delimiter)
    parts.push(cleaned(rest.slice(0, end), delimiter))
    rest = rest.slice(end + 1)
    if (delimiter === ' ') rest = rest.trimStart()
  }
  return parts
}

function partEnd(text: string, delimiter: string): number {
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === "'" && (isQuoted || text.includes("'", i + 1))) isQuoted = !isQuoted
    else if (text[i] === delimiter && !isQuoted) return i
  }
  return text.length
}

/** Without quotes, the spaces around it and the backslashes that escape something. */
function cleaned(part: string, delimiter: string): string {
  const trimmed = part.trimStart()
  let clean = ''
  let length = 0
  let isQuoted = false
  for (let i = 0; i < trimmed.length; i++) {
    const [character = '', next = ''] = [trimmed[i], trimmed[i + 1]]
    const escaped = character === '\\' ? escapedCharacter(next, delimiter) : null
    if (escaped !== null) i++
    if (escaped === null && character === "'" && (isQuoted || trimmed.includes("'", i + 1))) {
      isQuoted = !isQuoted
      length = clean.length
      continue
    }
    clean += escaped ?? character
    if (escaped !== null || character !== ' ' || isQuoted) length = clean.length
  }
  return clean.slice(0, length)
}

function escapedCharacter(next: string, delimiter: string): string | null {
  return ["'", '"', '\\', delimiter].includes(next) && next ? next : (ESCAPES[next] ?? null)
}
