import type { Voice } from '../../http/voices/voices-routes.ts'
import { request } from '../api/calls-api.ts'
import { useWrite } from '../api/use-write.ts'

/** Who must vouch for a caller's number, as the API names it. */
type VoiceTrust = NonNullable<Voice['trust']>

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
export function VoiceTrustChoice({ path, trust }: { path: string; trust: VoiceTrust | null }) {
  const choosing = useWrite({
    ask: (value: string) =>
      request(path, { method: 'PATCH', body: { trust: value === AS_SERVICE ? null : value } }),
    changes: '/api/v1/voices',
  })
  return (
    <label className="inline-choice">
      Heard by{' '}
      <select value={trust ?? AS_SERVICE} onChange={(event) => choosing.mutate(event.target.value)}>
        {trustOptions}
      </select>
      {choosing.error && (
        <span className="fault" role="alert">
          {choosing.error.message}
        </span>
      )}
    </label>
  )
}
