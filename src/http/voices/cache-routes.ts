import { z } from 'zod'
import { HttpProblem } from '../../problem/problem.ts'
import { callerId } from '../fields.ts'
import { type AnyRoute, route } from '../route.ts'

export interface VoiceCache {
  /**
   * Forgets the cloned voice of a caller and has the vendor's copy deleted; the samples stay, and the next call clones
   * anew. Resolves with false when the caller had none.
   */
  forget(callerId: string): Promise<boolean>
}

export function cacheRoutes(cache: VoiceCache): AnyRoute[] {
  return [
    route({
      method: 'delete',
      path: '/cache/{caller_id}',
      summary: "Deletes a caller's cloned voice, here and at the vendor; the next call clones it anew",
      params: z.object({ caller_id: callerId() }),
      answer: { status: 204, description: 'It is gone.' },
      problems: { 404: 'No cloned voice is kept for this caller.' },
      handler: async ({ params }) => {
        if (await cache.forget(params.caller_id)) return
        throw new HttpProblem(404, 'No cloned voice is kept for this caller.')
      },
    }),
  ]
}
