import type { AgentList } from '../../http/agents/agents-routes.ts'
import { useRead } from '../api/use-read.ts'
import { Labelled } from '../parts/labelled.tsx'

type CalledAgentProps = {
  /** The number that is called; null is the service's own. */
  to: string | null
  onCall: (to: string | null) => void
}

/** Which agent answers is decided by the number that is called. Nothing to choose from, nothing to see. */
export function CalledAgent({ to, onCall }: CalledAgentProps) {
  const agents = useRead<AgentList>('/api/v1/agents').value?.agents ?? []
  const callable = agents.flatMap(({ id, name, numbers: [number] }) => (number ? [{ id, name, number }] : []))
  if (callable.length === 0) return null
  return (
    <Labelled name="Who answers?">
      <select name="agent" value={to ?? ''} onChange={({ target }) => onCall(target.value || null)}>
        <option value="">The default agent</option>
        {callable.map(({ id, name, number }) => (
          <option key={id} value={number}>
            {name}
          </option>
        ))}
      </select>
    </Labelled>
  )
}
