import type { SipLine } from '../../http/console/console-routes.ts'

/** Any number is answered where none are listed; this one is as good as another. */
const ANY_NUMBER = '5000'

/** What to dial, and who may, for whoever has a SIP telephone or a trunk. */
export function DialSip({ line }: { line: SipLine }) {
  const { host, port, numbers } = line
  const address = `${host ?? location.hostname}:${port}`
  return (
    <section className="card sip-line" aria-labelledby="sip-line">
      <h2 id="sip-line">Call the SIP line</h2>
      <ul className="facts">
        {(numbers ?? [ANY_NUMBER]).map((number) => (
          <li key={number}>
            <code>{`sip:${number}@${address}`}</code>
          </li>
        ))}
      </ul>
      <p className="hint">
        {numbers === null && 'Any other number is answered, too. '}
        {host === null &&
          'The address is that of this page: if drachtio-server is on another machine, dial that one’s. '}
        {whoMayCall(line)} The call appears below as soon as it comes in.
      </p>
    </section>
  )
}

function whoMayCall({ users, trunks }: SipLine): string {
  const withPassword = users.length > 0 ? `as ${users.join(' or ')} with the password` : null
  const without = trunks.length > 0 ? `without a password from ${trunks.join(', ')}` : null
  const ways = [withPassword, without].filter((way) => way !== null)
  if (ways.length === 0) return 'Calls are taken from the trunks of the Trunks page alone.'
  return `Calls are taken ${ways.join(', and ')}.`
}
