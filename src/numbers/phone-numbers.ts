import {
  type CountryCode,
  isSupportedCountry,
  type PhoneNumber,
  parsePhoneNumberFromString,
} from 'libphonenumber-js/min'

/*
 * Who calls and who is called, as all of the service knows them: every carrier, request and form spells numbers in its own
 * way, and only here they become one. The smallest metadata of libphonenumber is used: it knows how long numbers are and how
 * each country writes them, which is all that is asked; the larger sets add which ranges are assigned, and that ages.
 */

/** ISO 3166-1 alpha-2, such as `US`. */
export type Country = CountryCode

export const isCountry = (code: string): code is Country => isSupportedCountry(code)

/** What the database keeps of an address. */
const MAX_ADDRESS = 255

/** Who calls without a number. */
const NOBODY = 'anonymous'

/** Fewer digits are somebody's own extension. */
const FEWEST_NATIONAL_DIGITS = 7
/** So many digits without a plus are no national number where national numbers are written without a prefix. */
const FEWEST_CERTAIN_DIGITS = 11
const FEWEST_INTERNATIONAL_DIGITS = 10
/** As ten digits are written from San Juan to Vancouver, whose carriers leave the 1 out. */
const NORTH_AMERICAN = /^[2-9]\d{2}[2-9]\d{6}$/

/** What people put between digits, once compatibility forms and invisible signs are gone. */
const SEPARATORS = /[\s().\-/\u2010-\u2015\u2212]/g
const NUMBER = /^(\+?)(\d+)$/

/** What carriers say of a caller who withholds their number, RFC 3323 included. */
const WITHHELD = [
  'anonymous',
  'restricted',
  'unavailable',
  'unknown',
  'private',
  'blocked',
  'withheld',
  'not-available',
  'no-caller-id',
  'unidentified',
]
const KEYS = ['abc', 'def', 'ghi', 'jkl', 'mno', 'pqrs', 'tuv', 'wxyz']
const keyOf = (letter: string): number => KEYS.findIndex((key) => key.includes(letter)) + 2
/** The same as keypads spell it, which Twilio gives as the number: +266696687 is ANONYMOUS, +464 is ING. */
const WITHHELD_AS_DIGITS = new Set(
  ['ing', ...WITHHELD].map((word) => Array.from(word.replaceAll('-', ''), keyOf).join('')),
)

/** Reads addresses, where numbers without a country are of `country`; null takes them for nobody's in particular. */
export class PhoneNumbers {
  readonly #country: Country | null

  constructor(country: Country | null) {
    this.#country = country
  }

  /** The same reader with another country, such as that of one trunk. */
  in(country: Country | null): PhoneNumbers {
    return new PhoneNumbers(country)
  }

  /** E.164 where the spelling is a number's; otherwise what was said, fit to be stored. The same for each of its own answers. */
  canonical(spelling: string): string {
    const said = storable(spelling)
    const user = userOf(said)
    const [, plus, digits] = numberIn(user ?? said)
    if (digits === undefined || isWithheld(said)) return said.slice(0, MAX_ADDRESS) || NOBODY
    return (this.number(said) ?? (user === null ? plus + digits : said)).slice(0, MAX_ADDRESS)
  }

  /** E.164; null for what is no number, or none that can be told without a country. */
  number(spelling: string): string | null {
    const said = storable(spelling)
    const [, plus, digits] = numberIn(userOf(said) ?? said)
    if (digits === undefined || isWithheld(said)) return null
    return (plus ? international(digits) : this.#withoutPlus(digits))?.number ?? null
  }

  #withoutPlus(digits: string): PhoneNumber | null {
    if (digits.startsWith('00')) return international(digits.slice(2))
    const national = this.#national(digits)
    if (national && asAtHome(national) === digits) return national
    return withCountryCode(digits) ?? national
  }

  #national(digits: string): PhoneNumber | null {
    if (this.#country === null || digits.length < FEWEST_NATIONAL_DIGITS) return null
    return possible(parsePhoneNumberFromString(digits, { defaultCountry: this.#country, extract: false }))
  }
}

/** Whether this caller is nobody in particular: thousands share these ids, so that none of them names a person. */
export function isWithheld(spelling: string): boolean {
  const said = storable(spelling)
  if (/@anonymous\.invalid\b/i.test(said)) return true
  const name = userOf(said) ?? said
  const word = name.toLowerCase().replace(/[\s_]+/g, '-')
  const [, , digits] = numberIn(name)
  return word === '' || WITHHELD.includes(word) || (digits !== undefined && WITHHELD_AS_DIGITS.has(digits))
}

const numberIn = (name: string): readonly (string | undefined)[] =>
  NUMBER.exec(name.normalize('NFKC').replace(SEPARATORS, '')) ?? []

const international = (digits: string): PhoneNumber | null =>
  possible(parsePhoneNumberFromString(`+${digits}`, { extract: false }))

/** E.164 whose plus was left out, as many trunks send it. */
function withCountryCode(digits: string): PhoneNumber | null {
  const read = international(digits)
  if (digits.length >= FEWEST_CERTAIN_DIGITS) return read
  if (digits.length < FEWEST_INTERNATIONAL_DIGITS || NORTH_AMERICAN.test(digits)) return null
  return read?.isValid() ? read : null
}

const possible = (read: PhoneNumber | undefined): PhoneNumber | null => (read?.isPossible() ? read : null)

const asAtHome = (read: PhoneNumber): string => read.formatNational().replace(/\D/g, '')

/** The user part of a SIP or tel URI, with or without its angle brackets; null for what is neither. */
function userOf(said: string): string | null {
  const uri = /<([^<>]*)>/.exec(said)?.[1] ?? said
  const [, scheme, rest] = /^(sips?|tel):(.*)$/i.exec(uri) ?? []
  if (scheme === undefined || rest === undefined) return null
  const [user = '', ...parameters] = (/^tel$/i.test(scheme) ? rest : userPart(rest)).split(';')
  // RFC 3966 §5.1.5: a local number says where it is local.
  const context = parameters.find((parameter) => /^phone-context=\+\d/i.test(parameter))?.split('=', 2)[1]
  return context === undefined || user.startsWith('+') ? unescaped(user) : context + unescaped(user)
}

/** A URI without an @ names a host alone. */
function userPart(rest: string): string {
  const at = rest.indexOf('@')
  return at < 0 ? '' : (rest.slice(0, at).split(':', 1)[0] ?? '')
}

function unescaped(user: string): string {
  try {
    return decodeURIComponent(user)
  } catch {
    return user
  }
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair; invisible signs come along when a number is copied. */
const storable = (spelling: string): string =>
  spelling
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}]/gu, '')
    .trim()
