import type { SeededRandom } from '../chaos/seeded-random.ts'

/*
 * What has broken readers of text and bytes before, and small changes that make something of it out of what is well-formed.
 */

const LONG = 'x'.repeat(9_000)

/** Spellings that mean something to one of the languages that requests pass through. */
export const NASTY: readonly string[] = [
  '',
  ' ',
  '\0',
  '\r\n',
  '\r\nX-Injected: 1',
  '\t',
  '\u2028',
  '\ud800',
  '\ufeff',
  'é',
  '💩',
  '\u0007',
  '%',
  '%00',
  '%ff',
  '%2e%2e%2f',
  '..',
  '../../etc/passwd',
  '+',
  '-',
  '--',
  '*',
  '?',
  '#',
  '&',
  '=',
  '/',
  '\\',
  "'",
  '"',
  '`',
  "';drop table call_log;--",
  '$1',
  '$' + '{x}',
  '{{x}}',
  '<script>',
  '<',
  '>',
  '&lt;',
  ']]>',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'null',
  'undefined',
  'NaN',
  'true',
  'Infinity',
  '0',
  '-1',
  '1e9',
  '1e309',
  '9007199254740993',
  '99999999999999999999',
  '0x10',
  '1.5',
  '٣',
  '00',
  '-0',
  '0000-01-01',
  '2026-02-30',
  '9999-12-31T23:59:60Z',
  '-000001-01-01T00:00:00Z',
  '10000-01-01',
  '1970-01-01',
  '[]',
  '{}',
  '[[[[[[',
  '{"a":',
  '"\\ud800"',
  '{"__proto__":{"x":1}}',
  'sip:',
  'sip:@',
  'tel:',
  '<sip:a@b>',
  '@',
  'TN-Validation-Passed-A',
  ';verstat=TN-Validation-Passed',
  '+15550100001',
  '5550100001',
  'anonymous',
  '+',
  '0190a0a0-0000-7000-8000-000000000000',
  'CA00000000000000000000000000000000',
  LONG,
]

/** The text with one to four small changes. */
export function mutated(text: string, random: SeededRandom): string {
  let changed = text
  for (let times = random.between(1, 4); times > 0; times--) changed = mutatedOnce(changed, random)
  return changed
}

function mutatedOnce(text: string, random: SeededRandom): string {
  const at = random.between(0, text.length)
  const to = Math.min(text.length, at + random.between(0, 12))
  const piece = text.slice(at, to)
  const [before, after] = [text.slice(0, at), text.slice(to)]
  switch (random.between(0, 5)) {
    case 0:
      return before + after
    case 1:
      return before + piece.repeat(random.between(2, 40)) + after
    case 2:
      return before + random.pick(NASTY) + after
    case 3:
      return before + String.fromCharCode(random.between(0, 0xffff)) + after
    case 4:
      return after + before
    default:
      return before
  }
}

/** The same for bytes: changed, left out, said twice, or cut off. */
export function mutatedBytes(bytes: Buffer, random: SeededRandom): Buffer {
  let changed = Buffer.from(bytes)
  for (let times = random.between(1, 6); times > 0; times--) {
    if (changed.length === 0) return changed
    const at = random.between(0, changed.length - 1)
    switch (random.between(0, 4)) {
      case 0:
        changed[at] = random.between(0, 255)
        break
      case 1:
        // Lengths and counts are where readers go astray.
        changed.fill(
          random.pick([0x00, 0x7f, 0x80, 0xff]),
          at,
          Math.min(changed.length, at + random.between(1, 8)),
        )
        break
      case 2:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + random.between(1, 64))])
        break
      case 3:
        changed = Buffer.concat([changed.subarray(0, at), changed.subarray(Math.max(0, at - 64))])
        break
      default:
        changed = changed.subarray(0, at)
    }
  }
  return changed
}

/** Something well-formed, something nasty, or the one made of the other. */
export function oddText(usual: readonly string[], random: SeededRandom): string {
  if (random.happens(0.25)) return random.pick(usual)
  return random.happens(0.4) ? random.pick(NASTY) : mutated(random.pick(usual), random)
}
