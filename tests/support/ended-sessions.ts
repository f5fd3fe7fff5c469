import type { EndedSessions } from '../../src/http/sessions/sessions.ts'

/** The sessions that were signed out, shared by all who are given the same. */
export function endedSessions(): EndedSessions {
  const ids = new Set<string>()
  return {
    end: async (id) => void ids.add(id),
    list: async () => [...ids],
  }
}
