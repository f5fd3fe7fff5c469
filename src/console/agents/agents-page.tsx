import { useState } from 'react'
import type { Agent, AgentList } from '../../http/agents/agents-routes.ts'
import { request } from '../api/calls-api.ts'
import { useRead } from '../api/use-read.ts'
import { phoneNumberWords } from '../call/numbers.ts'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { AgentForm } from './agent-form.tsx'

const LABELS: Record<Agent['backend'], string> = {
  elevenlabs: 'ElevenLabs',
  openai: 'OpenAI Realtime',
  'openai-live': 'OpenAI Live',
}

/** How voice agents are set up, and which numbers they answer. */
export function AgentsPage() {
  const { value, fault } = useRead<AgentList>('/api/v1/agents')
  const [edited, setEdited] = useState<Agent | null>(null)
  const done = () => setEdited(null)
  return (
    <>
      <div className="page-head">
        <h1>Agents</h1>
        <p className="hint">Numbers without an agent of their own are answered by the one in the settings.</p>
      </div>
      <div className="with-side">
        <section className="card" aria-label="Agents">
          <p className="fault" role="status">
            {fault}
          </p>
          {value?.agents.length === 0 && (
            <p className="hint">No agent is set up; the one in the settings answers every number.</p>
          )}
          <ul className="entries">
            {value?.agents.map((agent) => (
              <AgentEntry
                key={agent.id}
                agent={agent}
                isEdited={agent.id === edited?.id}
                onEdit={setEdited}
                onGone={done}
              />
            ))}
          </ul>
        </section>
        <AgentForm key={edited?.id ?? 'new'} agent={edited} onDone={done} />
      </div>
    </>
  )
}

type AgentEntryProps = {
  agent: Agent
  isEdited: boolean
  onEdit: (agent: Agent) => void
  onGone: () => void
}

function AgentEntry({ agent, isEdited, onEdit, onGone }: AgentEntryProps) {
  return (
    <li className="entry" aria-current={isEdited || undefined}>
      <div>
        <p className="entry-title">
          {agent.name} <span className="badge">{LABELS[agent.backend]}</span>
        </p>
        <p className="hint">
          {agent.numbers.length > 0
            ? `Answers ${agent.numbers.map(phoneNumberWords).join(', ')}`
            : 'Answers no number yet'}
          {agent.language && ` · ${agent.language}`}
        </p>
        {agent.warnings.map((warning) => (
          <p key={warning} className="warning">
            {warning}
          </p>
        ))}
      </div>
      <div className="entry-actions">
        <button type="button" className="quiet small" onClick={() => onEdit(agent)}>
          Edit<span className="for-screen-readers"> {agent.name}</span>
        </button>
        <ConfirmButton
          name="Delete"
          question={`Delete ${agent.name}?`}
          consequence={consequenceOf(agent)}
          ask={() => request(`/api/v1/agents/${agent.id}`, { method: 'DELETE', accept: [404] })}
          changes="/api/v1/agents"
          onDone={onGone}
        />
      </div>
    </li>
  )
}

function consequenceOf({ numbers }: Agent): string {
  if (numbers.length === 0) return 'It answers no number; no call will go otherwise.'
  return `Calls to ${numbers.map(phoneNumberWords).join(', ')} will be answered by the agent in the settings.`
}
