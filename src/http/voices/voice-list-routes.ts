import { z } from 'zod'
import { PhoneNumbers } from '../../numbers/phone-numbers.ts'
import type { VoiceQueries } from '../../persistence/voice-queries.ts'
import type { AsJson } from '../as-json.ts'
import { text } from '../fields.ts'
import { type AnyRoute, route } from '../route.ts'
import { Voice } from './voices-routes.ts'

const MAX_PAGE = 200

const VoicePage = z.object({ voices: z.array(Voice), nextCursor: z.string().nullable() })

export type VoicePage = AsJson<z.output<typeof VoicePage>>

/** Which callers have a voice of their own. */
export function voiceListRoutes(queries: VoiceQueries, numbers = new PhoneNumbers(null)): AnyRoute[] {
  return [
    route({
      method: 'get',
      path: '/voices',
      summary: "Callers' own voices, in the order of caller ids",
      query: z.strictObject({
        search: text().optional().describe('Only those with this in the caller id or the name.'),
        limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(50),
        cursor: text().optional().describe('`nextCursor` of the page before.'),
      }),
      answer: {
        status: 200,
        description: 'One page of voices.',
        body: VoicePage,
      },
      handler: async ({ query: { search, limit, cursor } }) => {
        const found = await queries.list(
          { search: search && spellingOf(search, numbers) },
          { limit: limit + 1, after: cursor },
        )
        const voices = found.slice(0, limit)
        return { voices, nextCursor: found.length > limit ? (voices.at(-1)?.callerId ?? null) : null }
      },
    }),
  ]
}

/** A number, or a part of one, is looked for without what stands between its digits; a name as it is. */
function spellingOf(search: string, numbers: PhoneNumbers): string {
  const read = numbers.canonical(search)
  return /^\+?\d+$/.test(read) ? read : search
}
