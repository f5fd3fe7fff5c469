import type { CallDetails } from '../api/calls-api.ts'

/** What carriers call the parties' lines, for whoever looks a call up at a carrier or in the log. */
export function Legs({ legs }: Pick<CallDetails, 'legs'>) {
  return (
    <details className="card">
      <summary>Legs</summary>
      <table>
        <thead>
          <tr>
            <th>Role</th>
            <th>Id</th>
            <th>Carrier’s id</th>
            <th>Ended</th>
          </tr>
        </thead>
        <tbody>
          {legs.map(({ id, role, provider, providerCallId, endReason }) => (
            <tr key={id}>
              <td>{role}</td>
              <td>
                <code>{id}</code>
              </td>
              <td>
                {provider} <code>{providerCallId}</code>
              </td>
              <td>{endReason && <code>{endReason}</code>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  )
}
