import { type FormEvent, useState } from 'react'
import type { AgentList } from '../../http/agents/agents-routes.ts'
import type { NewPhoneLink } from '../../http/phone/phone-links-routes.ts'
import { request } from '../api/calls-api.ts'
import { useRead } from '../api/use-read.ts'
import { useWrite } from '../api/use-write.ts'
import { FaultLines } from '../parts/fault-lines.tsx'
import { Labelled } from '../parts/labelled.tsx'

const HOUR_SECONDS = 3_600
const LIVES = [
  { seconds: HOUR_SECONDS, words: 'An hour' },
  { seconds: 24 * HOUR_SECONDS, words: 'A day' },
  { seconds: 7 * 24 * HOUR_SECONDS, words: 'A week' },
  { seconds: 30 * 24 * HOUR_SECONDS, words: 'Thirty days' },
]
/** Among the agents, the choice of none. */
const A_NUMBER = ''

/** Makes a link. What was written stays when the service does not like it. */
export function PhoneLinkForm({ onMade }: { onMade: (link: NewPhoneLink) => void }) {
  const { value } = useRead<AgentList>('/api/v1/agents')
  const [agentId, setAgentId] = useState(A_NUMBER)
  const making = useWrite({
    ask: async (form: HTMLFormElement) => {
      const body = draftOf(new FormData(form))
      const response = await request('/api/v1/phone-links', { method: 'POST', body })
      form.reset()
      setAgentId(A_NUMBER)
      return (await response.json()) as NewPhoneLink
    },
    changes: '/api/v1/phone-links',
    onDone: onMade,
  })
  const make = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    making.mutate(event.currentTarget)
  }

  return (
    <section className="card" aria-labelledby="phone-link-form">
      <h2 id="phone-link-form">Make a link</h2>
      <form className="fields" onSubmit={make}>
        <Labelled name="Who answers">
          <select name="agentId" value={agentId} onChange={({ target }) => setAgentId(target.value)}>
            <option value={A_NUMBER}>The agent of a number</option>
            {value?.agents.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </Labelled>
        {agentId === A_NUMBER && (
          <Labelled name="Number to call">
            <input name="to" type="tel" required placeholder="+1 555 123 4567" autoComplete="off" />
          </Labelled>
        )}
        <CallerFields />
        <LifeField />
        <FaultLines fault={making.error} />
        <div className="form-actions">
          <button type="submit" disabled={making.isPending}>
            Make the link
          </button>
        </div>
      </form>
    </section>
  )
}

function CallerFields() {
  return (
    <>
      <Labelled name="Caller’s name" hint="The page greets them by it. May be empty.">
        <input name="callerName" autoComplete="off" maxLength={80} />
      </Labelled>
      <Labelled
        name="Caller’s number"
        hint="The call is taken for this person’s, and answered in the voice on file for them. Empty: nobody’s."
      >
        <input name="callerNumber" type="tel" autoComplete="off" />
      </Labelled>
    </>
  )
}

function LifeField() {
  return (
    <Labelled name="Good for">
      <select name="expiresInSeconds" defaultValue={24 * HOUR_SECONDS}>
        {LIVES.map(({ seconds, words }) => (
          <option key={seconds} value={seconds}>
            {words}
          </option>
        ))}
      </select>
    </Labelled>
  )
}

function draftOf(form: FormData): object {
  const orNull = (name: string) => String(form.get(name) ?? '').trim() || null
  return {
    agentId: orNull('agentId'),
    to: orNull('to'),
    callerName: orNull('callerName'),
    callerNumber: orNull('callerNumber'),
    expiresInSeconds: Number(form.get('expiresInSeconds')),
  }
}
