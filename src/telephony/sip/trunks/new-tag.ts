import { randomBytes } from 'node:crypto'

/** Random letters that tell one thing of SIP from all others (RFC 3261 §19.3 asks for 32 bits at least). */
export const newTag = (): string => randomBytes(8).toString('hex')
