import type { IncomingHttpHeaders } from 'node:http'
import type { KnownVoice, VendorAccess } from './demo-vendors.ts'

/*
 * What the demo's two processes say to each other: the one that is the world, with carrier, voice vendor and the port that
 * all connect to, and the one that is the service, which may be killed.
 */

/** The argument that makes a process the service of a demo. */
export const DEMO_SERVICE = '--demo-service'

/** A socket comes along with `connection`. */
export type ToService = { type: 'vendors'; access: VendorAccess } | { type: 'connection'; id: number }

/** A socket comes along with `phone`: a handset that may place calls, and whose upgrade is yet to be answered. */
export type ToWorld =
  | { type: 'voices'; voices: KnownVoice[] }
  | { type: 'phone'; url: string; headers: IncomingHttpHeaders; head: string }
  /** The connection of this id has arrived. */
  | { type: 'took'; id: number }
  | { type: 'ready' }
