import type { z } from 'zod'
import type { FieldError } from '../problem/problem.ts'

/*
 * What is wrong with the fields of a request, in the words of whoever wrote the schema, else in these.
 */

/** Checks a part of a request. */
export const check = (schema: z.ZodType | undefined, value: unknown) =>
  schema?.safeParse(value, { error: expectation })

type Issue = z.core.$ZodRawIssue

function expectation(issue: Issue): string | undefined {
  if (issue.code === 'unrecognized_keys') return 'is not known here'
  if (issue.input === undefined) return 'is missing'
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? `of the type ${issue.expected}`}`
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of: ' : ''}${issue.values.join(', ')}`
    case 'invalid_format':
      return `must be ${FORMATS[issue.format] ?? 'in another form'}`
    case 'too_small':
      return `must ${boundOf(issue, 'at least', Number(issue.minimum))}`
    case 'too_big':
      return `must ${boundOf(issue, 'at most', Number(issue.maximum))}`
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a JSON object',
  record: 'a JSON object',
  array: 'a list',
}

const FORMATS: Record<string, string> = { uuid: 'a UUID', datetime: 'a time like 2026-11-21T10:00:00Z' }

function boundOf({ origin }: { origin: string }, bound: string, value: number): string {
  if (origin === 'string') return value === 1 ? 'not be empty' : `have ${bound} ${value} characters`
  return origin === 'array' ? `have ${bound} ${value} entries` : `be ${bound} ${value}`
}

export function parameterErrors(error: z.ZodError | undefined): FieldError[] {
  return (error?.issues ?? []).flatMap(({ path, message, ...issue }) => {
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [path.join('.')]
    return names.map((parameter) => ({ parameter, detail: message }))
  })
}

export function bodyErrors(error: z.ZodError | undefined): FieldError[] {
  return (error?.issues ?? []).flatMap(({ path, message, ...issue }) => {
    const places = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...path, key]) : [path]
    return places.map((place) => ({ pointer: jsonPointer(place), detail: message }))
  })
}

/** A place in the body as a URI fragment (RFC 6901, section 6). JSON may have names with half a character, URIs may not. */
function jsonPointer(path: PropertyKey[]): string {
  const parts = path.map((part) => String(part).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1'))
  return ['#', ...parts.map(encodeURIComponent)].join('/')
}
