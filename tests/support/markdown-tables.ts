import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The rows of one table, each cell under the heading of its column. */
export type Table = Record<string, string>[]

const ROOT = resolve(import.meta.dirname, '../..')

export const readText = (file: string): string => readFileSync(resolve(ROOT, file), 'utf8')

/** The tables of a page whose first column has this heading, in one. Cells are as written, without outer spaces. */
export function tableOf(file: string, firstColumn: string): Table {
  return tablesOf(readText(file))
    .filter(([head]) => head?.[0] === firstColumn)
    .flatMap(([head = [], _line, ...rows]) =>
      rows.map((cells) => Object.fromEntries(head.map((column, at) => [column, cells[at] ?? '']))),
    )
}

/** Each table as its rows, the first the heads and the second the line under them. */
function tablesOf(text: string): string[][][] {
  const blocks = text
    .split(/\n(?!\|)/)
    .map((block) => block.split('\n').filter((line) => line.startsWith('|')))
  return blocks.filter(({ length }) => length > 2).map((lines) => lines.map(cellsOf))
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())

/** What stands in backticks. */
export const codesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '')

export const codeIn = (cell: string | undefined): string => codesIn(cell)[0] ?? ''
