/** The chart cannot be used; the message says what is wrong and how to mend it. */
export class UnusableChart extends Error {
  override readonly name = 'UnusableChart'
}
