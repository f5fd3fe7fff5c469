import { Store } from '../store.ts'
import { refusalOf } from './begin-session.ts'

/** True from the moment the service says that the session has ended until somebody signs in again. */
export const sessionIsOver = new Store(false)

let begunAgain = Promise.withResolvers<void>()

/** Resolves when the session has begun anew; whatever was being done then goes on. */
export function sessionBegunAgain(): Promise<void> {
  sessionIsOver.set(true)
  return begunAgain.promise
}

/** Null when the key is right; otherwise what is wrong, in a sentence. */
export async function beginAgain(key: string): Promise<string | null> {
  const refusal = await refusalOf(key)
  if (refusal !== null) return refusal
  sessionIsOver.set(false)
  begunAgain.resolve()
  begunAgain = Promise.withResolvers()
  return null
}
