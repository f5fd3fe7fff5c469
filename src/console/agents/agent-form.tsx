import { type FormEvent, useState } from 'react'
import type { Agent, AgentBackendList } from '../../http/agents/agents-routes.ts'
import { request } from '../api/calls-api.ts'
import { useRead } from '../api/use-read.ts'
import { useWrite } from '../api/use-write.ts'
import { FormEnd } from '../parts/form-end.tsx'
import { Labelled } from '../parts/labelled.tsx'
import { BackendFields, turnDetectionIn } from './backend-fields.tsx'

/** Sets up a new agent or changes one. What was written stays when the service does not like it. */
export function AgentForm({ agent, onDone }: { agent: Agent | null; onDone: () => void }) {
  const [backend, setBackend] = useState(agent?.backend ?? 'elevenlabs')

  const saving = useWrite({
    ask: async (form: HTMLFormElement) => {
      const body = draftOf(new FormData(form))
      const path = agent ? `/api/v1/agents/${agent.id}` : '/api/v1/agents'
      await request(path, { method: agent ? 'PATCH' : 'POST', body })
      form.reset()
      setBackend('elevenlabs')
    },
    changes: '/api/v1/agents',
    onDone,
  })
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    saving.mutate(event.currentTarget)
  }

  return (
    <section className="card" aria-labelledby="agent-form">
      <h2 id="agent-form">{agent ? `Change ${agent.name}` : 'Set up an agent'}</h2>
      <form className="fields" onSubmit={send}>
        <NumberFields agent={agent} />
        <VendorFields {...{ agent, backend }} onBackend={setBackend} />
        <SpeechFields agent={agent} />
        <ToolFields agent={agent} />
        <FormEnd {...{ saving, onDone }} isThere={agent !== null} />
      </form>
    </section>
  )
}

type FieldsProps = { agent: Agent | null }

function NumberFields({ agent }: FieldsProps) {
  return (
    <>
      <Labelled name="Name">
        <input name="name" defaultValue={agent?.name} required autoComplete="off" />
      </Labelled>
      <Labelled
        name="Numbers it answers"
        hint="One a line, in any spelling, like +1 555 123 4567, or a SIP user such as 1001."
      >
        <textarea name="numbers" rows={2} defaultValue={agent?.numbers.join('\n')} />
      </Labelled>
    </>
  )
}

type VendorFieldsProps = FieldsProps & {
  backend: Agent['backend']
  onBackend: (backend: Agent['backend']) => void
}

function VendorFields({ agent, backend, onBackend }: VendorFieldsProps) {
  const backends = useRead<AgentBackendList>('/api/v1/agent-backends').value?.backends ?? []
  const traits = backends.find((each) => each.backend === backend) ?? null
  return (
    <>
      <div className="field-pair">
        <Labelled name="Vendor">
          <select
            name="backend"
            value={backend}
            onChange={({ target }) => onBackend(target.value as Agent['backend'])}
          >
            {backends.length === 0 && <option value={backend}>{backend}</option>}
            {backends.map(({ backend: value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </Labelled>
        <Labelled name="Language">
          <input name="language" placeholder="en" defaultValue={agent?.language ?? ''} autoComplete="off" />
        </Labelled>
      </div>
      {traits && <BackendFields key={backend} agent={agent} traits={traits} />}
    </>
  )
}

function SpeechFields({ agent }: FieldsProps) {
  return (
    <>
      <Labelled name="First message">
        <textarea name="firstMessage" rows={2} defaultValue={agent?.firstMessage ?? ''} />
      </Labelled>
      <Labelled name="Instructions">
        <textarea name="instructions" rows={5} defaultValue={agent?.instructions ?? ''} />
      </Labelled>
    </>
  )
}

function ToolFields({ agent }: FieldsProps) {
  return (
    <details>
      <summary>Tools and handoff</summary>
      <div className="fields">
        <Labelled name="Transfer number" hint="Where a caller is handed to who wants a human.">
          <input name="transferNumber" defaultValue={agent?.transferNumber ?? ''} autoComplete="off" />
        </Labelled>
        <Labelled name="Tools" hint="A JSON list, as the vendor declares them.">
          <textarea
            name="tools"
            rows={4}
            className="code"
            defaultValue={JSON.stringify(agent?.tools ?? [], null, 1)}
          />
        </Labelled>
      </div>
    </details>
  )
}

/** An empty field means null: the agent's own, or the settings'. */
function draftOf(form: FormData): object {
  const value = (name: string) => String(form.get(name) ?? '').trim()
  const orNull = (name: string) => value(name) || null
  const nullable = [
    'vendorAgentId',
    'model',
    'voiceId',
    'instructions',
    'firstMessage',
    'language',
    'transferNumber',
  ]
  return {
    name: value('name'),
    backend: value('backend'),
    tools: toolsIn(value('tools')),
    numbers: value('numbers')
      .split(/[\n,;]+/)
      .map((number) => number.trim())
      .filter(Boolean),
    ...Object.fromEntries(nullable.map((name) => [name, orNull(name)])),
    turnDetection: turnDetectionIn(form),
  }
}

function toolsIn(text: string): unknown {
  try {
    return JSON.parse(text || '[]')
  } catch (cause) {
    throw new Error('Tools must be a JSON list, like [].', { cause })
  }
}
