import { withTimeout } from '../../runtime/with-timeout.ts'
import type { SipDialog } from './drachtio.ts'

/** A peer that does not answer for this long may be gone, which says nothing about the server. */
const ANSWER_MS = 4_000

/** Whether drachtio-server still has the dialog: a BYE that came over a connection which is lost has ended it there. */
export async function isInServer(dialog: SipDialog): Promise<boolean> {
  const asked = dialog.request({ method: 'OPTIONS' })
  return withTimeout(ANSWER_MS, asked, '').then(
    () => true,
    (error: { code?: string }) => error.code !== 'ENODIALOG',
  )
}
