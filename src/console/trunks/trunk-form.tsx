import { type FormEvent, useState } from 'react'
import type { Trunk } from '../../http/trunks/trunk-fields.ts'
import { request } from '../api/calls-api.ts'
import { useWrite } from '../api/use-write.ts'
import { FormEnd } from '../parts/form-end.tsx'
import { Labelled } from '../parts/labelled.tsx'
import { RegistrationFields } from './registration-fields.tsx'
import { draftOf } from './trunk-draft.ts'

const CODECS = ['PCMU', 'PCMA', 'G722', 'OPUS'] as const satisfies Trunk['codecs']
const OPTIONS_SECONDS = 30

/** Sets up a new trunk or changes one. What was written stays when the service does not like it. */
export function TrunkForm({ trunk, onDone }: { trunk: Trunk | null; onDone: () => void }) {
  /** A form that was sent is begun anew. */
  const [round, setRound] = useState(0)

  const saving = useWrite({
    ask: async (body: object) => {
      const path = trunk ? `/api/v1/trunks/${trunk.id}` : '/api/v1/trunks'
      await request(path, { method: trunk ? 'PATCH' : 'POST', body })
    },
    changes: '/api/v1/trunks',
    onDone: () => {
      setRound(round + 1)
      onDone()
    },
  })
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    saving.mutate(draftOf(new FormData(event.currentTarget), trunk))
  }

  return (
    <section className="card" aria-labelledby="trunk-form">
      <h2 id="trunk-form">{trunk ? `Change ${trunk.name}` : 'Set up a trunk'}</h2>
      <form key={round} className="fields" onSubmit={send}>
        <PlaceFields trunk={trunk} />
        <NumberFields trunk={trunk} />
        <RegistrationFields registration={trunk?.registration ?? null} />
        <details>
          <summary>Limits, codecs and health</summary>
          <div className="fields">
            <LimitFields trunk={trunk} />
          </div>
        </details>
        <label className="switch">
          <input type="checkbox" name="enabled" defaultChecked={trunk?.enabled ?? true} />
          Switched on
        </label>
        <FormEnd {...{ saving, onDone }} isThere={trunk !== null} />
      </form>
    </section>
  )
}

type FieldsProps = { trunk: Trunk | null }

function PlaceFields({ trunk }: FieldsProps) {
  return (
    <>
      <Labelled name="Name">
        <input name="name" defaultValue={trunk?.name} required autoComplete="off" />
      </Labelled>
      <Labelled
        name="Server of the provider"
        hint="For REGISTER and OPTIONS; with or without a port. May be empty."
      >
        <input
          name="server"
          placeholder="sip.example.com"
          defaultValue={trunk?.server ?? ''}
          autoComplete="off"
          spellCheck={false}
        />
      </Labelled>
      <div className="field-pair">
        <Labelled name="Transport">
          <select name="transport" defaultValue={trunk?.transport ?? 'udp'}>
            <option value="udp">UDP</option>
            <option value="tcp">TCP</option>
            <option value="tls">TLS</option>
          </select>
        </Labelled>
        <Labelled name="Audio (SRTP)">
          <select name="srtp" defaultValue={trunk?.srtp ?? ''}>
            <option value="">as SIP_SRTP</option>
            <option value="off">plain</option>
            <option value="optional">either</option>
            <option value="required">encrypted</option>
          </select>
        </Labelled>
      </div>
      <Labelled
        name="Addresses that its calls come from"
        hint="One a line: an address, a range like 203.0.113.0/24, or a DNS name. Those of the server count by themselves."
      >
        <textarea name="addresses" rows={2} defaultValue={trunk?.addresses.join('\n')} spellCheck={false} />
      </Labelled>
    </>
  )
}

function NumberFields({ trunk }: FieldsProps) {
  return (
    <>
      <Labelled
        name="Numbers"
        hint="One a line. Others are refused. Empty: as SIP_NUMBERS says. Which agent answers is set on the Agents page."
      >
        <textarea name="numbers" rows={2} defaultValue={trunk?.numbers.join('\n')} />
      </Labelled>
      <div className="field-pair">
        <Labelled name="Country" hint="Of its numbers, like DE.">
          <input
            name="country"
            placeholder="DE"
            maxLength={2}
            defaultValue={trunk?.country ?? ''}
            autoComplete="off"
          />
        </Labelled>
        <Labelled name="Called number in">
          <select name="didFrom" defaultValue={trunk?.didFrom ?? 'request-uri'}>
            <option value="request-uri">Request-URI</option>
            <option value="to">To header</option>
          </select>
        </Labelled>
      </div>
    </>
  )
}

function LimitFields({ trunk }: FieldsProps) {
  return (
    <>
      <div className="field-pair">
        <Labelled name="Calls at once" hint="Over all nodes. Empty: no limit.">
          <input name="maxCalls" type="number" min={1} defaultValue={trunk?.maxCalls ?? ''} />
        </Labelled>
        <Labelled name="Calls a second" hint="Empty: no limit.">
          <input
            name="maxCallsPerSecond"
            type="number"
            min={0.01}
            step="any"
            defaultValue={trunk?.maxCallsPerSecond ?? ''}
          />
        </Labelled>
      </div>
      <fieldset className="choices">
        <legend className="label-name">Codecs</legend>
        {CODECS.map((codec) => (
          <label key={codec} className="switch">
            <input
              type="checkbox"
              name="codecs"
              value={codec}
              defaultChecked={trunk?.codecs.includes(codec) ?? false}
            />
            {codec}
          </label>
        ))}
        <span className="hint">None: all of them.</span>
      </fieldset>
      <Labelled name="Seconds between OPTIONS" hint="Asks whether the server is there. Empty: never.">
        <input
          name="optionsSeconds"
          type="number"
          min={5}
          max={3_600}
          defaultValue={trunk ? (trunk.optionsSeconds ?? '') : OPTIONS_SECONDS}
        />
      </Labelled>
    </>
  )
}
