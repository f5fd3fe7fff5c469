import type { RequestHandler } from 'express'
import ipaddr from 'ipaddr.js'
import { HttpProblem } from '../problem/problem.ts'

/** Whether a client's address is within one of the CIDRs; null lets everybody through. */
export function createAddressCheck(
  cidrs: readonly string[] | null,
): (address: string | undefined) => boolean {
  if (cidrs === null) return () => true
  const ranges = cidrs.map((cidr) => ipaddr.parseCIDR(cidr))
  return (address) => {
    if (!address || !ipaddr.isValid(address)) return false
    // A dual-stack socket shows IPv4 clients as ::ffff:a.b.c.d.
    const client = ipaddr.process(address)
    return ranges.some((range) => isWithin(client, range))
  }
}

function isWithin(client: ipaddr.IPv4 | ipaddr.IPv6, range: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean {
  if (client.kind() === range[0].kind()) return client.match(range)
  const isMappedRange = client instanceof ipaddr.IPv4 && range[0].kind() === 'ipv6'
  return isMappedRange && client.toIPv4MappedAddress().match(range)
}

const ELSEWHERE =
  'Your address is not among those in ALLOWED_IPS. Add it there; behind a proxy also set TRUST_PROXY, or its address is what is seen.'

/** Refuses clients from elsewhere. */
export function requireAllowedAddress(isAllowed: (address: string | undefined) => boolean): RequestHandler {
  return (req, _res, next) => {
    if (!isAllowed(req.ip)) throw new HttpProblem(403, ELSEWHERE)
    next()
  }
}
