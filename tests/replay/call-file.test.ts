import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCallFile, writeCallFile } from '../../src/replay/call-file.ts'
import { UnreplayableCall } from '../../src/replay/recorded-call.ts'
import { recorded } from './recording.ts'

const call = recorded()
const file = writeCallFile(call)
const lines = file.trimEnd().split('\n')
const joined = (...parts: string[]) => `${parts.join('\n')}\n`

test('a call that was exported is read back as it was', () => {
  expect(readCallFile(file)).toEqual(call)
})

test('an editor that only changed the ends of the lines did no harm', () => {
  expect(readCallFile(`\uFEFF${file.replaceAll('\n', '\r\n')}`)).toEqual(call)
})

test('carries neither numbers nor the carrier’s ids', () => {
  expect(Object.keys(JSON.parse(lines[0] ?? '').call).sort()).toEqual(
    ['chartVersion', 'direction', 'endedAt', 'id', 'outcome', 'provider', 'startedAt'].sort(),
  )
})

describe('a file that was cut', () => {
  test.each(lines.slice(1).map((_, index) => index + 1))('after line %i says so', (kept) => {
    expect(() => readCallFile(joined(...lines.slice(0, kept)))).toThrow(
      `The file was cut: it ends after line ${kept}, and its first line speaks of 8 events and an end.`,
    )
  })

  test('within a line says in which event', () => {
    const cut = file.slice(0, joined(...lines.slice(0, 4)).length + 30)
    expect(() => readCallFile(cut)).toThrow('Line 5 should be event 4 of 8 and is no JSON')
  })
})

describe('a file that was edited', () => {
  test.each(lines.slice(0, -1).map((line, index) => [index + 1, line] as const))(
    'in line %i says so',
    (number, line) => {
      const changed = line.replace(/"(stateAfter|provider)":"/, '"$1":"x')
      expect(() => readCallFile(joined(...lines.with(number - 1, changed)))).toThrow(
        new RegExp(`^Line ${number}(, event ${number - 1} \\([\\w.]+\\),)? was changed after the export`),
      )
    },
  )

  test('by taking a line out says which event is missing', () => {
    expect(() => readCallFile(joined(...lines.toSpliced(3, 1)))).toThrow(
      'Line 4 is event 4 where event 3 should be',
    )
  })

  test('by moving a line says where', () => {
    const moved = lines.with(2, lines[3] ?? '').with(3, lines[2] ?? '')
    expect(() => readCallFile(joined(...moved))).toThrow('Line 3 is event 3 where event 2 should be')
  })

  test('by taking a line out and numbering the rest anew is found by the checksum', () => {
    const renumbered = lines
      .toSpliced(3, 1)
      .map((line) => line.replace(/"seq":(\d)/, (_, seq) => `"seq":${seq > 3 ? seq - 1 : seq}`))
    const counted = renumbered.with(0, (renumbered[0] ?? '').replace('"events":8', '"events":7'))
    expect(() => readCallFile(joined(...counted))).toThrow('Line 1 was changed after the export')
  })

  test('by adding to its end says where', () => {
    expect(() => readCallFile(joined(...lines, '{}'))).toThrow('Line 11 comes after the end.')
  })

  test('never goes unnoticed, wherever a letter was changed', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 2), fc.constantFrom('0', '1', 'x', '"', '}'), (place, letter) => {
        fc.pre(file[place] !== letter)
        const edited = file.slice(0, place) + letter + file.slice(place + 1)
        expect(() => readCallFile(edited)).toThrow(UnreplayableCall)
      }),
    )
  })
})

describe('a file of another kind', () => {
  test.each([
    ['an empty one', ''],
    ['a text', 'Dear diary'],
    ['some JSON', '{"id": 1}\n'],
    ['sound', '\u0000\u0001RIFF'],
  ])('%s is told how to get one', (_, text) => {
    expect(() => readCallFile(text)).toThrow('This is no exported call: its first line does not say so.')
  })

  test('a later version is told what it is', () => {
    const later = file.replace('"formatVersion":1', '"formatVersion":2')
    expect(() => readCallFile(later)).toThrow('This file has format 2, and only format 1 is known here')
  })
})
