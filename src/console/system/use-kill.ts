import { useState } from 'react'
import { request } from '../api/calls-api.ts'

type Progress = 'offered' | 'killing' | 'away' | { backAfterMs: number } | { fault: string }

const LOOK_EVERY_MS = 100
/** A start takes two seconds; after this something is wrong. */
const PATIENCE_MS = 60_000

/** Kills the process that serves this page, as a crash would, and tells when its successor takes calls. */
export function useKill(): { words: string; isAway: boolean; kill: () => void } {
  const [progress, setProgress] = useState<Progress>('offered')
  const kill = async () => {
    setProgress('killing')
    try {
      await request('/api/v1/demo/kill', { method: 'POST' })
      const killedAt = performance.now()
      setProgress('away')
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      while (!(await isThere())) {
        if (performance.now() - killedAt > PATIENCE_MS)
          throw new Error('It has not come back within a minute.')
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
      }
      setProgress({ backAfterMs: performance.now() - killedAt })
    } catch (error) {
      setProgress({ fault: (error as Error).message })
    }
  }
  const isAway = progress === 'killing' || progress === 'away'
  return { words: wordsFor(progress), isAway, kill: () => void kill() }
}

const isThere = () =>
  fetch('/health').then(
    ({ ok }) => ok,
    () => false,
  )

function wordsFor(progress: Progress): string {
  if (progress === 'killing') return 'Killing it…'
  if (progress === 'away') return 'It is gone. Waiting for its successor…'
  if (typeof progress !== 'object') return ''
  if ('fault' in progress) return progress.fault
  return `Killed, started again and taking calls after ${(progress.backAfterMs / 1000).toFixed(1)} s.`
}
