import { z } from 'zod'

/*
 * The kinds of fields that requests are made of.
 */

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
const isStorable = (value: string) => !value.includes('\0') && value.isWellFormed()

/** The length of a `varchar` column. */
const COLUMN = 255

export const text = (max = COLUMN) =>
  z.string().trim().min(1).max(max).refine(isStorable, 'must be text without NUL or broken characters')

/** Digits and what people put between them, invisible signs of the place that they were copied from included. */
const NUMBER = /^(tel:)?\+?[\d\s().\-/\u2010-\u2015\u2212\p{Cf};=]*\d[\s)\p{Cf}]*$/iu
const NAME = /^((sips?|client|tel):\S+|[\w.*#~-]+)$/

export const phoneNumber = () =>
  z.string().max(COLUMN).refine(isStorable).regex(NUMBER, 'must be a number, like +15551234567')

/** Whatever a call can be from or for: a number, or what carriers say instead of one. */
export const dialledAddress = () =>
  z
    .string()
    .max(COLUMN)
    .refine(isStorable)
    .refine(
      (value) => NUMBER.test(value) || NAME.test(value),
      'must be like +15551234567, sip:name@host, client:name or a SIP user such as 1001',
    )

/** In a query, an unescaped plus has become a blank. */
export const queryAddress = () =>
  z
    .string()
    .transform((value) => value.replace(/^ /, '+'))
    .pipe(text())

export const callerId = () => text().describe('In whatever spelling, such as +15551234567; URL-encoded.')

/** PostgreSQL knows no year 0, and reads a year of five digits as something else. */
const [FIRST, LAST] = [new Date(0), new Date('9999-01-01')]

export const dateTime = () =>
  z
    .union(
      [z.iso.datetime({ offset: true }), z.iso.date()],
      'must be a date or a time like 2026-11-21T10:00:00Z',
    )
    .transform((value) => new Date(value))
    .refine((time) => time >= FIRST && time < LAST, 'must be a time of the years 1970 to 9998')

/** No tool is declared deeper; some thousands of levels would exhaust the stack, here and in the database. */
const MAX_DEPTH = 32
const isShallow = (value: unknown, levels = MAX_DEPTH): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1)))

/** JSON in JSON: what a `jsonb` column takes. */
export const json = (): z.ZodType<object, object> =>
  z
    .record(z.string(), z.unknown())
    .refine((value) => isShallow(value), {
      error: `must not be nested more than ${MAX_DEPTH} levels deep`,
      abort: true,
    })
    .refine((value) => !BROKEN_ESCAPE.test(JSON.stringify(value)), 'must not hold NUL or broken characters')
const BROKEN_ESCAPE = /(?<!\\)(\\\\)*\\u(0000|d[89a-f]..)/i
