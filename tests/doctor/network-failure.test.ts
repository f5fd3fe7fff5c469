import { expect, test } from 'vitest'
import { networkFailure, unreachableBecause } from '../../src/doctor/network-failure.ts'

const coded = (code: string, cause?: Error) => Object.assign(new Error('fetch failed', { cause }), { code })

test.each<[name: string, error: Error, words: string | null]>([
  ['a name without an address', coded('ENOTFOUND'), 'its name cannot be resolved'],
  ['a closed port', coded('ECONNREFUSED'), 'nothing listens there'],
  ['what fetch wraps', new Error('fetch failed', { cause: coded('ECONNRESET') }), 'it cuts the connection'],
  ['a time limit of fetch', new DOMException('too late', 'TimeoutError'), 'it does not answer in time'],
  ['a time limit of undici', coded('UND_ERR_CONNECT_TIMEOUT'), 'it does not answer in time'],
  ['a time limit of axios', coded('ECONNABORTED'), 'it does not answer in time'],
  ['no route', coded('ENETUNREACH'), 'there is no way to it from this machine'],
  ['plain HTTP on a TLS port', coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'it does not speak TLS as it should'],
  [
    'a certificate of its own making',
    coded('DEPTH_ZERO_SELF_SIGNED_CERT'),
    'its certificate is not valid (DEPTH_ZERO_SELF_SIGNED_CERT)',
  ],
  ['an old certificate', coded('CERT_HAS_EXPIRED'), 'its certificate is not valid (CERT_HAS_EXPIRED)'],
  [
    'a certificate for another name',
    coded('ERR_TLS_CERT_ALTNAME_INVALID'),
    'its certificate is not valid (ERR_TLS_CERT_ALTNAME_INVALID)',
  ],
  [
    'an unknown issuer',
    coded('UNABLE_TO_VERIFY_LEAF_SIGNATURE'),
    'its certificate is not valid (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
  ],
  ['anything else', new TypeError('not a function'), null],
])('%s', (_name, error, words) => {
  expect(networkFailure(error)).toBe(words)
})

test('what has no plain words is said in those of the first cause', () => {
  const error = new TypeError('fetch failed', { cause: new Error('bad port') })
  expect(unreachableBecause(error)).toBe('bad port')
  expect(unreachableBecause(coded('ECONNREFUSED'))).toBe('nothing listens there')
})
