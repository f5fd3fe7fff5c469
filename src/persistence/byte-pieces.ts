import { PIECE_BYTES } from '../runtime/spool.ts'
import type { Sql } from './sql.ts'

/*
 * Large values go to the database and come from it in pieces: a statement that brings ten megabytes holds up every caller
 * of the process for a tenth of a second.
 */

/** Brings values to the server, where `wholeOf` puts each together within the same transaction. */
export async function bringPieces(within: Sql, values: AsyncIterable<Buffer>[]): Promise<void> {
  await within(
    `create temp table value_piece (value int, number int, bytes bytea not null, primary key (value, number))
     on commit drop`,
  )
  for (const [value, pieces] of values.entries()) {
    let number = 0
    for await (const bytes of pieces)
      await within('insert into value_piece values (?, ?, ?)', [value, number++, bytes])
  }
}

/** The SQL of the value that was brought at this place in the list. */
export const wholeOf = (value: number): string =>
  `(select coalesce(string_agg(bytes, ''::bytea order by number), '') from value_piece where value = ${value})`

/** Reads a value of so many bytes, each piece with a statement of its own; `read` counts from 1, as SQL does. */
export async function* takePieces(
  size: number,
  read: (from: number, count: number) => Promise<{ bytes: Buffer }[]>,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += PIECE_BYTES) {
    const [piece] = await read(at + 1, PIECE_BYTES)
    if (!piece) throw new Error('A value was deleted while it was being read.')
    yield piece.bytes
  }
}
