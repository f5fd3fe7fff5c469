import { useState } from 'react'
import type { Voice } from '../../http/voices/voices-routes.ts'
import { forgetVoice, request } from '../api/calls-api.ts'
import { usePages } from '../api/use-pages.ts'
import { phoneNumberWords } from '../call/numbers.ts'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { Labelled } from '../parts/labelled.tsx'
import { DayOrWhen } from '../parts/when.tsx'
import { VoiceForm } from './voice-form.tsx'
import { VoiceTrustChoice } from './voice-trust.tsx'

const VOICES = '/api/v1/voices'

/** Which callers have a voice of their own, who agreed to that, and what became of its clone. */
export function VoicesPage() {
  const [search, setSearch] = useState('')
  const { items, hasMore, fault, more } = usePages<Voice>(VOICES, 'voices', { search })
  return (
    <>
      <div className="page-head">
        <h1>Voices</h1>
        <p className="hint">
          Callers with a voice on file wait on hold while it is cloned; others hear the default voice.
        </p>
      </div>
      <div className="with-side">
        <section className="card" aria-label="Voices on file">
          <div className="filters">
            <Labelled name="Find">
              <input
                type="search"
                placeholder="Number or name"
                value={search}
                onChange={(event) => setSearch(event.target.value)}
              />
            </Labelled>
          </div>
          <p className="fault" role="status">
            {fault}
          </p>
          {items?.length === 0 && (
            <p className="hint">{search ? 'No voice is like that.' : 'No voice is on file yet.'}</p>
          )}
          <ul className="entries">
            {items?.map((voice) => (
              <VoiceEntry key={voice.callerId} voice={voice} />
            ))}
          </ul>
          {hasMore && (
            <button type="button" className="quiet small more" onClick={more}>
              More voices
            </button>
          )}
        </section>
        <VoiceForm />
      </div>
    </>
  )
}

function VoiceEntry({ voice }: { voice: Voice }) {
  const { callerId, name, consent, clone, trust } = voice
  const path = `${VOICES}/${encodeURIComponent(callerId)}`
  const caller = phoneNumberWords(callerId)
  return (
    <li className="entry">
      <div>
        <p className="entry-title">
          {caller} <CloneBadge clone={clone} />
        </p>
        <p className="hint">
          {name} · agreed to by {consent.by}, <DayOrWhen at={consent.at} />
        </p>
        <VoiceTrustChoice path={path} trust={trust} />
        {clone?.failure && <p className="fault">{clone.failure}</p>}
      </div>
      <div className="entry-actions">
        {clone && (
          <ConfirmButton
            name="Forget the clone"
            question={`Forget the clone of ${caller}?`}
            consequence="It is deleted here and at the vendor. The samples stay: the next call waits on hold for a new clone."
            ask={() => forgetVoice(callerId)}
            changes={VOICES}
          />
        )}
        <ConfirmButton
          name="Delete"
          question={`Delete the voice of ${caller}?`}
          consequence="Samples and clone are deleted, here and at the vendor: the caller will hear the default voice."
          ask={() => request(path, { method: 'DELETE', accept: [404] })}
          changes={VOICES}
        />
      </div>
    </li>
  )
}

function CloneBadge({ clone }: { clone: Voice['clone'] }) {
  if (clone === null) return <span className="badge">not cloned yet</span>
  const tone = { cloning: 'waiting', ready: 'live', failed: 'bad' }[clone.status]
  const words = { cloning: 'being cloned', ready: 'cloned', failed: 'not cloned' }[clone.status]
  return (
    <span className="badge" data-tone={tone}>
      {words}
    </span>
  )
}
