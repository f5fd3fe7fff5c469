import { useState } from 'react'
import type { SettingList, ShownSetting } from '../../http/console/settings-routes.ts'
import { useRead } from '../api/use-read.ts'

/** What the node was started with. Settings are changed in the environment, so they are only shown here. */
export function SettingsCard() {
  const { value, fault } = useRead<SettingList>('/api/v1/settings')
  const [search, setSearch] = useState('')
  const [isOnlySet, setOnlySet] = useState(false)
  const shown = value?.settings.filter(
    ({ name, isSet }) => name.includes(search.trim().toUpperCase()) && (isSet || !isOnlySet),
  )
  return (
    <section className="card" aria-labelledby="settings">
      <div className="list-head">
        <h2 id="settings">Settings in use</h2>
        <input
          type="search"
          placeholder="Name"
          aria-label="Only settings with this in the name"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <label className="switch small-switch">
        <input type="checkbox" checked={isOnlySet} onChange={(event) => setOnlySet(event.target.checked)} />
        Only those that were set
      </label>
      <p className="fault" role="status">
        {fault}
      </p>
      {shown?.length === 0 && <p className="hint">No setting is like that.</p>}
      <dl className="settings">
        {shown?.map((setting) => (
          <div key={setting.name} title={`Allowed: ${setting.allowed}`}>
            <dt>
              <code>{setting.name}</code>
            </dt>
            <dd data-set={setting.isSet || undefined}>{valueWords(setting)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function valueWords({ value, isSet, isSecret }: ShownSetting) {
  if (isSecret) return <span className="hint">{isSet ? 'set, and hidden' : 'not set'}</span>
  if (value === null) return <span className="hint">not set</span>
  return (
    <>
      <code>{value}</code>
      {!isSet && <span className="hint"> default</span>}
    </>
  )
}
