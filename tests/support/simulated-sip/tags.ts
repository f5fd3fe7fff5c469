import { randomBytes } from 'node:crypto'

/** A name that tells one end of a dialog, or one transaction, from all others. */
export function newTag(): string {
  return randomBytes(6).toString('hex')
}
