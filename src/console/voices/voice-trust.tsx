import { useState } from 'react'
import { request } from '../api/calls-api.ts'

/** Who must vouch for a caller's number, as the API names it. */
export type VoiceTrust = 'attested' | 'trunk' | 'any'

/** As the form sends it; a form has no null. */
export const AS_SERVICE = 'default'

const WORDS: Record<VoiceTrust | typeof AS_SERVICE, string> = {
  [AS_SERVICE]: 'callers that the settings allow',
  attested: 'callers attested by their network',
  trunk: 'callers that a carrier or trunk brings',
  any: 'anybody with this number',
}

export const trustOptions = Object.entries(WORDS).map(([value, words]) => (
  <option key={value} value={value}>
    {words}
  </option>
))

/** Who hears a voice that is on file; a change holds from the next call on. */
export function VoiceTrustChoice({
  path,
  trust,
  onChange,
}: {
  path: string
  trust: VoiceTrust | null
  onChange: () => void
}) {
  const [fault, setFault] = useState<string | null>(null)
  const choose = (value: string) => {
    setFault(null)
    request(path, { method: 'PATCH', body: { trust: value === AS_SERVICE ? null : value } }).then(
      onChange,
      (error: Error) => setFault(error.message),
    )
  }
  return (
    <label className="inline-choice">
      Heard by{' '}
      <select value={trust ?? AS_SERVICE} onChange={(event) => choose(event.target.value)}>
        {trustOptions}
      </select>
      {fault && (
        <span className="fault" role="alert">
          {fault}
        </span>
      )}
    </label>
  )
}
