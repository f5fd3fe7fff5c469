import type { Trunk } from '../../http/trunks/trunk-fields.ts'

type Badge = { words: string; tone: 'live' | 'waiting' | 'bad' | undefined }

/** How a trunk is doing, in a word each. */
export function TrunkBadges({ trunk }: { trunk: Trunk }) {
  return badgesOf(trunk).map(({ words, tone }) => (
    <span key={words} className="badge" data-tone={tone}>
      {words}
    </span>
  ))
}

function badgesOf({ enabled, registration, server, optionsSeconds, state }: Trunk): Badge[] {
  if (!enabled) return [{ words: 'Switched off', tone: undefined }]
  const badges: Badge[] = []
  if (registration) badges.push(REGISTRATION[state.registration?.status ?? 'pending'])
  if (server && optionsSeconds) {
    if (state.server === null) badges.push({ words: 'Not asked yet', tone: 'waiting' })
    else if (state.server.isAnswering) badges.push({ words: 'Answers', tone: 'live' })
    else badges.push({ words: 'Does not answer', tone: 'bad' })
  }
  return badges
}

const REGISTRATION: Record<'registered' | 'failed' | 'pending', Badge> = {
  registered: { words: 'Registered', tone: 'live' },
  failed: { words: 'Not registered', tone: 'bad' },
  pending: { words: 'Registering', tone: 'waiting' },
}
