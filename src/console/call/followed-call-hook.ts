import { useSyncExternalStore } from 'react'
import { type CallNow, type FollowedCall, NOTHING_YET } from './followed-call.ts'

const noChanges = () => () => {}
const nothingYet = () => NOTHING_YET

/** What is known about a call so far; nothing while there is none. */
export function useFollowedCall(followed: FollowedCall | null): CallNow {
  return useSyncExternalStore(followed?.now.subscribe ?? noChanges, followed?.now.get ?? nothingYet)
}
