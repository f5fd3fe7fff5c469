import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isWithheld, PhoneNumbers } from '../../src/numbers/phone-numbers.ts'

const ANN = '+15550040001'
const anywhere = new PhoneNumbers(null)
const american = new PhoneNumbers('US')
const german = new PhoneNumbers('DE')

describe('One person', () => {
  test.each([
    ANN,
    '15550040001',
    '+1 (555) 004-0001',
    '+1 555 004 0001',
    '001 555 004 0001',
    'tel:+15550040001',
    'tel:+1-555-004-0001;ext=1',
    'tel:0040001;phone-context=+1555',
    'sip:+15550040001@trunk.example;user=phone',
    'sip:+15550040001;npdi@trunk.example:5060',
    '"Ann" <sip:%2B15550040001@trunk.example>',
    'sips:15550040001@trunk.example',
    '\u202a+1 555\u00a0004\u20110001\u202c',
    '＋１５５５００４０００１',
  ])('is the same, spelled %j', (spelling) => {
    for (const numbers of [anywhere, american, german]) expect(numbers.canonical(spelling)).toBe(ANN)
  })

  test.each(['5550040001', '(555) 004-0001', 'sip:5550040001@trunk.example', 'tel:555-004-0001'])(
    'is the same, spelled %j in their own country',
    (spelling) => expect(american.canonical(spelling)).toBe(ANN),
  )

  test.each(['0049 30 901820', '+49 (0)30 901820', '+4930901820', '4930901820', 'tel:+49-30-901820'])(
    'of Berlin is the same, spelled %j',
    (spelling) => {
      expect(anywhere.canonical(spelling)).toBe('+4930901820')
      expect(german.canonical(spelling)).toBe('+4930901820')
    },
  )

  test.each(['030 901820', '030/901820', '(030) 90 18 20'])('is, spelled %j in Germany', (spelling) =>
    expect(german.canonical(spelling)).toBe('+4930901820'),
  )

  test('who dials out of their country as it is done there', () =>
    expect(american.canonical('0049 30 901820')).toBe('+4930901820'))
})

describe('Ten digits without a country', () => {
  test.each([
    ['5551110001', 'Brazil'],
    ['5550040001', 'Brazil'],
    ['4155550100', 'Switzerland'],
    ['4512345678', 'Denmark'],
  ])('%s are not taken for a number of %s', (digits) => expect(anywhere.canonical(digits)).toBe(digits))

  test('are of the country that is set', () => {
    expect(american.canonical('5551110001')).toBe('+15551110001')
    expect(new PhoneNumbers('IN').canonical('9812345678')).toBe('+919812345678')
    expect(new PhoneNumbers('DK').canonical('4512345678')).toBe('+4512345678')
  })
})

describe('What is no number', () => {
  test.each(['1001', 'support', 'client:alice', 'sip:alice@example.com:5060', '+86151', '12*#'])(
    '%s stays as it is',
    (address) => {
      for (const numbers of [anywhere, american, german]) expect(numbers.canonical(address)).toBe(address)
    },
  )

  test('is cut to what the database keeps, and not refused', () => {
    const uri = `sip:${'a'.repeat(300)}@example.com`
    expect(uri).toHaveLength(316)
    expect(anywhere.canonical(uri)).toBe(uri.slice(0, 255))
  })
})

describe('Nobody', () => {
  test.each([
    '',
    ' ',
    'anonymous',
    'Anonymous',
    'Restricted',
    'unavailable',
    'unknown',
    'PRIVATE',
    '+266696687',
    '+86282452253',
    '+464',
    '+7378742833',
    '+2562533',
    '+8656696',
    '266696687',
    'sip:anonymous@anonymous.invalid',
    '"Anonymous" <sip:c8oqz84zk7z@anonymous.invalid>',
    'sip:Restricted@trunk.example',
    'sip:+266696687@trunk.example',
  ])('is called %j', (id) => {
    expect(isWithheld(id)).toBe(true)
    // However it is written down, it stays nobody's.
    for (const numbers of [anywhere, american, german]) expect(isWithheld(numbers.canonical(id))).toBe(true)
  })

  test.each([ANN, '1001', 'support', 'anonymouse', '+26669668', 'sip:ann@example.com'])('is not %j', (id) =>
    expect(isWithheld(id)).toBe(false),
  )
})

test('whatever carriers say can be stored, and is read alike the second time', () => {
  const digits = fc.stringMatching(/^\+?[\d ().-]{1,20}$/)
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), digits), (said) => {
      for (const numbers of [anywhere, american, german]) {
        const address = numbers.canonical(said)
        expect([address.length > 0, address.length <= 255, address.includes('\0')]).toEqual([
          true,
          true,
          false,
        ])
        expect(numbers.canonical(address)).toBe(address)
      }
    }),
    { numRuns: 500 },
  )
})
