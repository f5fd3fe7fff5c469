import { withTimeout } from '../../runtime/with-timeout.ts'
import type { SipDialog } from './drachtio.ts'
import type { LegMedia } from './leg-media.ts'
import { inSessionOf } from './sdp-origin.ts'

/** A phone answers a re-INVITE by itself; who hears nothing for longer has hung up. */
const OFFER_MS = 5_000

/** Asks the other party to send its audio there, and takes what it answers. */
export async function offer(dialog: SipDialog, media: LegMedia): Promise<void> {
  const before = dialog.remote.sdp
  const sdp = inSessionOf(dialog.local.sdp, media.sdp)
  await withTimeout(OFFER_MS, dialog.modify(sdp), 'the caller did not answer a re-INVITE')
  const after = dialog.remote.sdp
  if (after !== undefined && after !== before) await media.modify(after)
}
