import { useEffect, useRef, useState } from 'react'
import type { NewPhoneLink } from '../../http/phone/phone-links-routes.ts'

/** The address of a link that was just made. */
export function NewLink({ link, onClose }: { link: NewPhoneLink; onClose: () => void }) {
  const field = useRef<HTMLInputElement>(null)
  const [isCopied, setCopied] = useState(false)
  useEffect(() => field.current?.select(), [])
  const copy = () =>
    navigator.clipboard?.writeText(link.url).then(
      () => setCopied(true),
      () => field.current?.select(),
    )
  return (
    <section className="card fields" aria-labelledby="new-link">
      <h2 id="new-link">The new link</h2>
      <p className="hint">It is shown this once: whoever has it can call. Send it to one person.</p>
      <input ref={field} readOnly value={link.url} aria-label="Address of the link" />
      <p className="saved" role="status">
        {isCopied && 'Copied.'}
      </p>
      <div className="form-actions">
        {/* Browsers let pages of https alone copy. */}
        {isSecureContext && (
          <button type="button" onClick={() => void copy()}>
            Copy
          </button>
        )}
        <button type="button" className="quiet" onClick={onClose}>
          Done
        </button>
      </div>
    </section>
  )
}
