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

const E164 = /^\+[1-9]\d{1,14}$/
/** A number without its plus is no carrier's word for it, so no call would be for it; fewer digits are an extension. */
const ADDRESS = /^(\+[1-9]\d{1,14}|(sips?|client):\S+|(?![1-9]\d{7,14}$)[\w.*#~-]+)$/

export const phoneNumber = () => z.string().regex(E164, 'must be a number in E.164 form, like +15551234567')

/** Whatever a call can be from or for: a number, or what carriers say instead of one. */
export const dialledAddress = () =>
  z
    .string()
    .max(COLUMN)
    .refine(isStorable)
    .regex(ADDRESS, 'must be like +15551234567, sip:name@host, client:name or a SIP user such as 1001')

/** In a query, an unescaped plus has become a blank. */
export const queryAddress = () =>
  z
    .string()
    .transform((value) => value.replace(/^ /, '+'))
    .pipe(text())

export const callerId = () => text().describe('As the carrier gives it, such as +15551234567; URL-encoded.')

export const dateTime = () =>
  z
    .union(
      [z.iso.datetime({ offset: true }), z.iso.date()],
      'must be a date or a time like 2026-11-21T10:00:00Z',
    )
    .transform((value) => new Date(value))

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
