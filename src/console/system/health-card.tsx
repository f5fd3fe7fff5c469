import { useQuery } from '@tanstack/react-query'
import type { Health } from '../../http/health/health-routes.ts'
import { request } from '../api/calls-api.ts'
import { whenSeen } from '../api/query-client.ts'
import { faultOf, polled } from '../api/use-read.ts'

const REFRESH_MS = 3_000
const PARTS: [keyof Health, string][] = [
  ['status', 'Takes calls'],
  ['database', 'Database'],
  ['elevenlabs', 'ElevenLabs'],
  ['twilio', 'Twilio'],
  ['sip', 'SIP'],
  ['trunks', 'SIP trunks'],
  ['node', 'Seen by the other nodes'],
  ['clock', 'Clock'],
]
/** What is not wrong, though it may not be there. */
const FINE = ['ok', 'simulated', 'disabled', 'none']

/** What the load balancer is told, part by part. */
export function HealthCard() {
  const health = useHealth()
  const fault = faultOf(health)
  return (
    <section className="card" aria-labelledby="health">
      <h2 id="health">Health</h2>
      <p className="fault" role="status">
        {fault}
      </p>
      {health.data && fault === null && <Parts health={health.data} />}
    </section>
  )
}

function Parts({ health }: { health: Health }) {
  return (
    <dl className="parts">
      {PARTS.map(([part, name]) => (
        <div key={part}>
          <dt>{name}</dt>
          <dd>
            <span
              className="badge"
              data-tone={health[part] === 'ok' ? 'live' : FINE.includes(health[part]) ? 'over' : 'bad'}
            >
              {health[part]}
            </span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

const useHealth = () =>
  useQuery({
    queryKey: ['/health'],
    queryFn: async () => {
      await whenSeen()
      // A 503 tells what is wrong in the same words.
      return (await request('/health', { accept: [503] })).json() as Promise<Health>
    },
    ...polled(REFRESH_MS),
  })
