import { streamToken } from '../../src/calls/call-host.ts'
import type { CallRow } from '../../src/calls/store.ts'

/** What the media stream of the caller's leg presents, on this bridge. */
export function streamClaim(row: Pick<CallRow, 'id' | 'legs' | 'mediaSecret'>, bridgeNumber = 1) {
  const [leg] = row.legs
  if (!leg?.providerCallId) throw new Error('The carrier does not know the leg.')
  const token = streamToken(row, leg.id, bridgeNumber)
  return { callId: row.id, providerCallId: leg.providerCallId, token }
}
