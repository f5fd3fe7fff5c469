import type { Trunk } from '../../http/trunks/trunk-fields.ts'

/** What the form says, as the API takes it; an empty field means null, or none. */
export function draftOf(form: FormData, before: Trunk | null): object {
  const value = (name: string) => String(form.get(name) ?? '').trim()
  const orNull = (name: string) => value(name) || null
  const numberOrNull = (name: string) => (value(name) === '' ? null : Number(value(name)))
  return {
    name: value('name'),
    enabled: form.has('enabled'),
    server: orNull('server'),
    transport: value('transport'),
    addresses: linesOf(value('addresses')),
    country: orNull('country'),
    numbers: linesOf(value('numbers')),
    didFrom: value('didFrom'),
    codecs: form.getAll('codecs'),
    srtp: orNull('srtp'),
    maxCalls: numberOrNull('maxCalls'),
    maxCallsPerSecond: numberOrNull('maxCallsPerSecond'),
    optionsSeconds: numberOrNull('optionsSeconds'),
    registration: form.has('registers') ? registrationOf(form, before) : null,
  }
}

/** A password that is left empty stays what it is. */
function registrationOf(form: FormData, before: Trunk | null): object {
  const value = (name: string) => String(form.get(name) ?? '').trim()
  const password = String(form.get('password') ?? '')
  return {
    username: value('username'),
    authUsername: value('authUsername') || null,
    expiresSeconds: Number(value('expiresSeconds')),
    ...((password !== '' || !before?.registration) && { password }),
  }
}

const linesOf = (text: string): string[] =>
  text
    .split(/[\n,;]+/)
    .map((line) => line.trim())
    .filter(Boolean)
