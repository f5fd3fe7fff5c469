import { AlertDialog } from '@base-ui/react/alert-dialog'
import { type FormEvent, useState } from 'react'
import { beginAgain, sessionIsOver } from './api/session.ts'
import { Modal } from './parts/modal.tsx'
import { useStore } from './store.ts'

/** Stands over whatever was being done when the session ended; nothing of that is lost. */
export function SignInAgain() {
  const isOver = useStore(sessionIsOver)
  // Only the right key closes it: Escape would leave a page that cannot do anything.
  return (
    <AlertDialog.Root open={isOver}>
      <Modal title="Your session has ended" hint="Sign in again; everything on this page stays as it is.">
        <KeyForm />
      </Modal>
    </AlertDialog.Root>
  )
}

function KeyForm() {
  const [fault, setFault] = useState('')
  const signIn = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const key = String(new FormData(event.currentTarget).get('key') ?? '').trim()
    setFault((await beginAgain(key)) ?? '')
  }
  return (
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
  )
}
