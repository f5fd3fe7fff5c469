import { useState } from 'react'
import type { NewPhoneLink, PhoneLink, PhoneLinkList } from '../../http/phone/phone-links-routes.ts'
import { request } from '../api/calls-api.ts'
import { useRead } from '../api/use-read.ts'
import { phoneNumberWords } from '../call/numbers.ts'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { When } from '../parts/when.tsx'
import { hrefOfCall } from '../routing/hash-route.ts'
import { NewLink } from './new-link.tsx'
import { PhoneLinkForm } from './phone-link-form.tsx'

const REFRESH_MS = 5_000

/** The links by which people call from a browser. */
export function PhoneLinksPage() {
  const { value, fault } = useRead<PhoneLinkList>('/api/v1/phone-links', REFRESH_MS)
  const [made, setMade] = useState<NewPhoneLink | null>(null)
  return (
    <>
      <div className="page-head">
        <h1>Phone links</h1>
        <p className="hint">Whoever opens a link calls from the browser, once: no telephone, no account.</p>
      </div>
      <div className="with-side">
        <section className="card" aria-label="Phone links">
          <p className="fault" role="status">
            {fault}
          </p>
          {value?.links.length === 0 && <p className="hint">No link has been made yet.</p>}
          <ul className="entries">
            {value?.links.map((link) => (
              <Entry key={link.id} link={link} />
            ))}
          </ul>
        </section>
        <div className="side-cards">
          {made && <NewLink link={made} onClose={() => setMade(null)} />}
          <PhoneLinkForm onMade={setMade} />
        </div>
      </div>
    </>
  )
}

const STATUS_WORDS = { waiting: 'Not used yet', used: 'Used', expired: 'Expired' } as const

function Entry({ link }: { link: PhoneLink }) {
  const { id, to, agentName, callerName, callerNumber, status } = link
  const callee = agentName ?? phoneNumberWords(to)
  const caller = callerName ?? (callerNumber ? phoneNumberWords(callerNumber) : 'Anybody')
  const remove = () => request(`/api/v1/phone-links/${id}`, { method: 'DELETE', accept: [404] })
  return (
    <li className="entry">
      <div>
        <p className="entry-title">
          {caller} → {callee} <span className="badge">{STATUS_WORDS[status]}</span>
        </p>
        <p className="hint">
          <Times link={link} />
          {callerNumber ? ` · calls as ${phoneNumberWords(callerNumber)}` : ' · calls without a number'}
        </p>
      </div>
      <div className="entry-actions">
        {link.callId && (
          <a className="button" href={hrefOfCall(link.callId)}>
            Open the call
          </a>
        )}
        <ConfirmButton
          name="Delete"
          question={`Delete the link from ${caller} to ${callee}?`}
          consequence="Nobody will be able to call by it any more; a call that came of it goes on."
          ask={remove}
          changes="/api/v1/phone-links"
        />
      </div>
    </li>
  )
}

function Times({ link: { usedAt, expiresAt, status } }: { link: PhoneLink }) {
  if (usedAt !== null) return <>used {<When at={usedAt} />}</>
  return (
    <>
      {status === 'expired' ? 'expired' : 'good until'} <When at={expiresAt} />
    </>
  )
}
