import type { Clone } from './ports.ts'

/** What a clone is called at the vendor. Whoever forgot a clone and makes another never takes one for the other. */
export const cloneName = ({ sampleKey, requestedAt }: Pick<Clone, 'sampleKey' | 'requestedAt'>): string =>
  `precall-${sampleKey.slice(0, 32)}-${requestedAt.getTime().toString(36)}`
