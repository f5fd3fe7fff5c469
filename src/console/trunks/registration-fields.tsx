import { useState } from 'react'
import type { Trunk } from '../../http/trunks/trunk-fields.ts'
import { Labelled } from '../parts/labelled.tsx'

const EXPIRES_SECONDS = 3_600

/** As whom we register at the server, where its provider wants that. */
export function RegistrationFields({ registration }: FieldsProps) {
  const [isWanted, setWanted] = useState(registration !== null)
  return (
    <>
      <label className="switch">
        <input
          type="checkbox"
          name="registers"
          checked={isWanted}
          onChange={({ target }) => setWanted(target.checked)}
        />
        Register at the server
      </label>
      {isWanted && (
        <>
          <CredentialFields registration={registration} />
          <LoginFields registration={registration} />
        </>
      )}
    </>
  )
}

type FieldsProps = { registration: Trunk['registration'] }

function CredentialFields({ registration }: FieldsProps) {
  return (
    <div className="field-pair">
      <Labelled name="User">
        <input
          name="username"
          required
          defaultValue={registration?.username}
          autoComplete="off"
          spellCheck={false}
        />
      </Labelled>
      <Labelled name="Password" hint={registration ? 'Empty: it stays as it is.' : undefined}>
        <input name="password" type="password" required={registration === null} autoComplete="new-password" />
      </Labelled>
    </div>
  )
}

function LoginFields({ registration }: FieldsProps) {
  return (
    <div className="field-pair">
      <Labelled name="Login name" hint="Empty: the user.">
        <input
          name="authUsername"
          defaultValue={registration?.authUsername ?? ''}
          autoComplete="off"
          spellCheck={false}
        />
      </Labelled>
      <Labelled name="Seconds" hint="It is asked for.">
        <input
          name="expiresSeconds"
          type="number"
          min={60}
          max={86_400}
          required
          defaultValue={registration?.expiresSeconds ?? EXPIRES_SECONDS}
        />
      </Labelled>
    </div>
  )
}
