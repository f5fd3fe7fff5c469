import Dialog from 'drachtio-srf/lib/dialog.js'

/*
 * drachtio-srf 5.0.29 lets one re-INVITE of a dialog out at a time, and forgets to let the next one out when the other party
 * refused (lib/dialog.js, modify): nothing could be negotiated in that dialog any more.
 */

/** The library's own count of re-INVITEs that are out or wait. */
type Queued = { _reinvitesInProgress: { count: number; admitOne: (() => void)[] } }

/** The library's own, which a test looks at: when it releases its queue by itself, this file is to go. */
export const modifyOfLibrary = Dialog.prototype.modify

Dialog.prototype.modify = async function modify(this: unknown, ...args: unknown[]): Promise<unknown> {
  try {
    return await modifyOfLibrary.apply(this, args)
  } catch (error) {
    // Only of a refusal is there a status; after any other failure the library does it itself.
    if ((error as { status?: number }).status !== undefined) letNextOut(this as Queued)
    throw error
  }
}

function letNextOut({ _reinvitesInProgress: queue }: Queued): void {
  queue.count--
  const next = queue.admitOne.shift()
  if (next) setImmediate(next)
}
