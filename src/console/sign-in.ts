import { refusalOf } from './api/begin-session.ts'

/*
 * Changes the admin key for a session's cookie: the key of a link like /#key=…, which never reaches a server's log, or
 * the one that a person types.
 */

const form = document.querySelector<HTMLFormElement>('#sign-in')
const field = document.querySelector<HTMLInputElement>('#key')
const message = document.querySelector<HTMLElement>('#message')
const button = document.querySelector<HTMLButtonElement>('#sign-in button')

if (!form || !field || !message || !button) throw new Error('sign-in.html and sign-in.ts do not fit.')

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void signIn(field.value.trim())
})
addEventListener('hashchange', signInByLink)
field.focus()
signInByLink()

function signInByLink(): void {
  const key = keyInFragment()
  if (key === null) return
  // The key stays neither in the address bar nor in the history.
  history.replaceState(null, '', location.pathname + location.search)
  void signIn(key)
}

function keyInFragment(): string | null {
  const found = /^#key=(.+)$/.exec(location.hash)?.[1]
  if (found === undefined) return null
  try {
    return decodeURIComponent(found)
  } catch {
    return found
  }
}

async function signIn(key: string): Promise<void> {
  show('')
  if (button) button.disabled = true
  const refusal = await refusalOf(key)
  if (refusal === null) return location.reload()
  if (button) button.disabled = false
  show(refusal)
  field?.select()
}

function show(text: string): void {
  if (message) message.textContent = text
  field?.setAttribute('aria-invalid', String(text !== ''))
}
