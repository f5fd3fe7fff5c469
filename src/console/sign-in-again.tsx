import { type FormEvent, useEffect, useRef, useState } from 'react'
import { beginAgain, sessionIsOver } from './api/session.ts'
import { useStore } from './store.ts'

/** Stands over whatever was being done when the session ended; nothing of that is lost. */
export function SignInAgain() {
  const isOver = useStore(sessionIsOver)
  const dialog = useRef<HTMLDialogElement>(null)
  const [fault, setFault] = useState('')
  useEffect(() => {
    if (isOver) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isOver])

  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const key = String(new FormData(form).get('key') ?? '').trim()
    const refusal = await beginAgain(key)
    setFault(refusal ?? '')
    if (refusal === null) form.reset()
  }

  return (
    // Escape would leave a page that cannot do anything.
    <dialog
      ref={dialog}
      className="card"
      aria-labelledby="session-over"
      onCancel={(event) => event.preventDefault()}
    >
      <h2 id="session-over">Your session has ended</h2>
      <p className="hint">Sign in again; everything on this page stays as it is.</p>
      <form className="fields" onSubmit={(event) => void signIn(event)}>
        <label>
          Admin key
          <input name="key" type="password" autoComplete="current-password" required />
        </label>
        <p className="fault" role="alert">
          {fault}
        </p>
        <button type="submit">Sign in</button>
      </form>
    </dialog>
  )
}
