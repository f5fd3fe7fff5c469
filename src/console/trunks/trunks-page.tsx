import { useState } from 'react'
import type { Trunk, TrunkList } from '../../http/trunks/trunk-fields.ts'
import { useRead } from '../api/use-read.ts'
import { phoneNumberWords } from '../call/numbers.ts'
import { TrunkEntry } from './trunk-entry.tsx'
import { TrunkForm } from './trunk-form.tsx'

const REFRESH_MS = 3_000

/** The SIP trunks: whose calls are taken, and how each is doing. */
export function TrunksPage() {
  const { value, fault } = useRead<TrunkList>('/api/v1/trunks', REFRESH_MS)
  const [edited, setEdited] = useState<Trunk | null>(null)
  const done = () => setEdited(null)
  return (
    <>
      <div className="page-head">
        <h1>Trunks</h1>
        <p className="hint">Providers and telephone systems whose SIP calls are taken.</p>
      </div>
      <div className="with-side">
        <section className="card" aria-label="Trunks">
          <p className="fault" role="status">
            {fault}
          </p>
          {value && isNobody(value) && <p className="hint">No trunk is set up yet.</p>}
          <ul className="entries">
            {value?.trunks.map((trunk) => (
              <TrunkEntry
                key={trunk.id}
                trunk={trunk}
                isEdited={trunk.id === edited?.id}
                onEdit={() => setEdited(trunk)}
                onRemoved={done}
              />
            ))}
            {value?.fromSettings && <SettingsTrunk {...value.fromSettings} />}
          </ul>
        </section>
        <TrunkForm key={edited?.id ?? 'new'} trunk={edited} onDone={done} />
      </div>
    </>
  )
}

const isNobody = ({ trunks, fromSettings }: TrunkList): boolean =>
  trunks.length === 0 && (fromSettings?.addresses ?? []).length === 0

/** It is changed in the environment, so it is only shown here. */
function SettingsTrunk({ addresses, numbers }: NonNullable<TrunkList['fromSettings']>) {
  if (addresses.length === 0) return null
  return (
    <li className="entry">
      <div>
        <p className="entry-title">
          From the settings <span className="badge">Read only</span>
        </p>
        <p className="hint">
          <code>SIP_TRUNKS</code>: {addresses.join(', ')}
        </p>
        <p className="hint">
          <code>SIP_NUMBERS</code>:{' '}
          {numbers === null ? 'all numbers' : numbers.map(phoneNumberWords).join(', ')}
        </p>
      </div>
    </li>
  )
}
