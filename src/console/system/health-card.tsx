import { useEffect, useState } from 'react'

/** As `GET /health` tells it. */
type Health = {
  status: string
  database: string
  elevenlabs: string
  twilio: string
  sip: string
  trunks: string
  node: string
  clock: string
}

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
  return (
    <section className="card" aria-labelledby="health">
      <h2 id="health">Health</h2>
      {health === 'silent' && (
        <p className="fault" role="status">
          The service does not answer. Trying again…
        </p>
      )}
      {health !== null && health !== 'silent' && (
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
      )}
    </section>
  )
}

function useHealth(): Health | 'silent' | null {
  const [health, setHealth] = useState<Health | 'silent' | null>(null)
  useEffect(() => {
    let isWanted = true
    // A 503 tells what is wrong in the same words.
    const ask = () =>
      fetch('/health')
        .then((response) => response.json() as Promise<Health>)
        .catch(() => 'silent' as const)
        .then((now) => isWanted && setHealth(now))
    void ask()
    const asking = setInterval(ask, REFRESH_MS)
    return () => {
      isWanted = false
      clearInterval(asking)
    }
  }, [])
  return health
}
