import { isWithheld, type PhoneNumbers } from '../numbers/phone-numbers.ts'
import { HttpProblem } from '../problem/problem.ts'

/** As long as numbers with a country, and without a sign of which one. */
const OF_NO_COUNTRY = /^[1-9]\d{7,14}$/
/** Only numbers are written so; carriers say short ones, too, such as +86151. */
const AS_A_NUMBER = /^\+(?![1-9]\d{1,14}$)|[\s()/]/

/**
 * The address of somebody who calls or is called, as calls will have it, whatever the spelling.
 *
 * @throws HttpProblem 422 for what names nobody, and for a number that could be of any country
 */
export function addressOf(spelling: string, numbers: PhoneNumbers, pointer: string): string {
  const number = numbers.number(spelling)
  if (number !== null) return number
  const address = numbers.canonical(spelling)
  if (isWithheld(spelling)) {
    throw refused(
      pointer,
      `"${spelling}" is what carriers say of callers who withhold their number: it names nobody. Use a number of the caller's own`,
    )
  }
  if (OF_NO_COUNTRY.test(address)) {
    throw refused(
      pointer,
      `"${spelling}" could be of any country. Write it with its own, like +15551234567, or set DEFAULT_COUNTRY`,
    )
  }
  if (AS_A_NUMBER.test(spelling.trim())) throw noNumber(spelling, pointer)
  return address
}

/** The same where only a number will do. */
export function numberOf(spelling: string, numbers: PhoneNumbers, pointer: string): string {
  const address = addressOf(spelling, numbers, pointer)
  if (numbers.number(spelling) === null) throw noNumber(spelling, pointer)
  return address
}

const noNumber = (spelling: string, pointer: string): HttpProblem =>
  refused(pointer, `"${spelling}" is no telephone number. Write it like +15551234567`)

const refused = (pointer: string, detail: string): HttpProblem =>
  new HttpProblem(422, `${detail}.`, { errors: [{ pointer, detail }] })
