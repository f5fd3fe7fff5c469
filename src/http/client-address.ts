import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { RequestHandler } from 'express'
import proxyAddress from 'proxy-addr'

/** What Express takes for `trust proxy`. */
type TrustProxy = boolean | number | string | readonly string[]

/**
 * The address of whoever made a request, as far as the proxies that are trusted say it. What a proxy passes on may be
 * anything that a client wrote: what is no address does not count, and the last one that is does.
 */
export function clientAddresses(trustProxy: TrustProxy): (request: IncomingMessage) => string | undefined {
  const isTrusted = compile(trustProxy)
  return (request) => {
    const hops = proxyAddress.all(request, (address, hop) => isIP(address) !== 0 && isTrusted(address, hop))
    return hops.findLast((address) => isIP(address) !== 0)
  }
}

/** Has `req.ip` be an address, always. */
export function validAddress(addressOf: (request: IncomingMessage) => string | undefined): RequestHandler {
  return (req, _res, next) => {
    Object.defineProperty(req, 'ip', { value: addressOf(req), configurable: true })
    next()
  }
}

type IsTrusted = (address: string, hop: number) => boolean

function compile(trustProxy: TrustProxy): IsTrusted {
  if (typeof trustProxy === 'boolean') return () => trustProxy
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy
  return proxyAddress.compile(typeof trustProxy === 'string' ? [trustProxy] : [...trustProxy])
}
