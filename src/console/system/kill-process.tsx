import { useKill } from './use-kill.ts'

/** Kills the process that serves this page, and shows that calls go on. */
export function KillProcess() {
  const { words, isAway, kill } = useKill()
  return (
    <section className="card" aria-labelledby="kill">
      <h2 id="kill">Kill this process</h2>
      <p className="hint">
        The process that serves this page is ended as a crash would end it, with no word to anyone (SIGKILL).
        Place a test call first: it is in the database and goes on when the process has been started again.
      </p>
      <p className="kill-result" role="status">
        {words}
      </p>
      <button type="button" className="danger" disabled={isAway} onClick={kill}>
        Kill this process
      </button>
    </section>
  )
}

/** The same beside a call, where one sees what becomes of it. */
export function KillBesideCall() {
  const { words, isAway, kill } = useKill()
  return (
    <>
      <p className="kill-result" role="status">
        {words}
      </p>
      <button type="button" className="quiet small" disabled={isAway} onClick={kill}>
        Kill this process
      </button>
    </>
  )
}
