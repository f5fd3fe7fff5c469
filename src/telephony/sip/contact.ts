/*
 * drachtio-server 0.9.10 dies of an INVITE whose Contact names no host ("*", "tel:…"): its search for a NAT compares the host
 * with the sender's address, in the moment in which an application answers, whatever the answer is (src/sip-dialog.cpp).
 */

/** Whether every address in this Contact has a host, so that the INVITE may be answered. */
export function namesHosts(contact: string): boolean {
  const unquoted = contact.replace(/"(?:[^"\\]|\\.)*"?/gs, '')
  const bracketed = [...unquoted.matchAll(/<([^<>]*)>/g)].map(([, uri = '']) => uri)
  const uris = bracketed.length > 0 ? bracketed : unquoted.split(',')
  return uris.every((uri) => /^\s*sips?:(?:[^@]*@)?[^@:;?<>\s][^@]*$/i.test(uri))
}
