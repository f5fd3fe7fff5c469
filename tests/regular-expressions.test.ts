import { globSync, readFileSync } from 'node:fs'
import { parseSync } from '@swc/core'
import { checkSync } from 'recheck'
import { describe, expect, it } from 'vitest'

/*
 * What strangers send is read by regular expressions; one that takes the square of its input's length holds every call up.
 * Each literal of the sources is proved linear, or its attack is printed.
 */

/** What the prover cannot judge, or what reads nobody's text but the operator's: why each may stay. */
const ALLOWED: Record<string, string> = {
  '\\/[^@]*$': 'a setting',
  '^(\\+[1-9]\\d{1,14}|(sips?|client):\\S+|(?![1-9]\\d{7,14}$)[\\w.*#~-]+)$':
    'anchored, and its alternatives begin with different letters',
  '(?<!\\\\)(\\\\\\\\)*\\\\u(0000|d[89a-f]..)': 'a run of backslashes is begun at its first only',
}

/** Tools of developers read files of their own. */
const TOOLS = /^src\/(simulator|model|replay|doctor|console)\//

type Literal = { file: string; pattern: string; flags: string }

function literalsIn(file: string): Literal[] {
  const found: Literal[] = []
  const tsx = file.endsWith('x')
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { type, pattern, flags } = node as { type?: string; pattern?: unknown; flags?: unknown }
    if (type === 'RegExpLiteral') found.push({ file, pattern: String(pattern), flags: String(flags ?? '') })
    Object.values(node).forEach(visit)
  }
  visit(parseSync(readFileSync(file, 'utf8'), { syntax: 'typescript', tsx, target: 'es2024' }))
  return found
}

const files = globSync(['src/**/*.{ts,tsx}', 'machines/**/*.ts'])
const literals = files.filter((file) => !TOOLS.test(file)).flatMap(literalsIn)

describe('regular expressions', () => {
  it('are found', () => {
    expect(literals.length).toBeGreaterThan(50)
  })

  it('are linear', { timeout: 120_000 }, () => {
    const slow = literals.flatMap((literal) => {
      const { pattern, flags, file } = literal
      const verdict = checkSync(pattern, flags, { timeout: 5_000, checker: 'automaton' })
      if (verdict.status === 'safe' || ALLOWED[pattern]) return []
      // A machine that is too busy to prove it says so, and another one will.
      if (verdict.status === 'unknown' && verdict.error.kind === 'timeout') return []
      const how = verdict.status === 'vulnerable' ? verdict.complexity.summary : verdict.error.kind
      return [`${file} /${pattern}/${flags}: ${how}`]
    })
    expect(slow).toEqual([])
  })
})
