import { useLayoutEffect, useRef } from 'react'
import { durationWords } from './numbers.ts'
import type { CallStep } from './steps.ts'
import type { Cursor } from './use-cursor.ts'

/** Steps through the call, by buttons and by the keys that a video has: comma and full stop, and blank. */
export function StepControls({
  cursor,
  steps,
  isLive,
}: {
  cursor: Cursor
  steps: readonly CallStep[]
  isLive: boolean
}) {
  const { index, ms, isPlaying } = cursor
  const step = steps[index]
  useKeys({ ',': () => cursor.go(index - 1), '.': () => cursor.go(index + 1) })
  return (
    <div className="step-controls">
      <button type="button" className="quiet small" disabled={index === 0} onClick={() => cursor.go(0)}>
        First
      </button>
      <button
        type="button"
        className="quiet small"
        disabled={index === 0}
        aria-keyshortcuts=","
        onClick={() => cursor.go(index - 1)}
      >
        ← Back
      </button>
      <button
        type="button"
        className="quiet small"
        aria-pressed={isPlaying}
        onClick={() => cursor.play(!isPlaying)}
      >
        {isPlaying ? 'Pause' : 'Play'}
      </button>
      <button
        type="button"
        className="quiet small"
        disabled={index >= steps.length - 1}
        aria-keyshortcuts="."
        onClick={() => cursor.go(index + 1)}
      >
        Next →
      </button>
      {isLive && (
        <button
          type="button"
          className="quiet small"
          aria-pressed={ms === null}
          onClick={() => cursor.follow()}
        >
          Live
        </button>
      )}
      <p className="step-place" role="status">
        {step ? `Step ${index + 1} of ${steps.length}, +${durationWords(step.ms)}: ` : ''}
        <code>{step?.type}</code>
      </p>
    </div>
  )
}

function useKeys(keys: Record<string, () => void>): void {
  const latest = useRef(keys)
  latest.current = keys
  // Before the page is seen: a key that is pressed at once counts.
  useLayoutEffect(() => {
    const onKey = ({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent) => {
      const isTyping =
        target instanceof HTMLElement && target.matches('input, select, textarea, [role=slider]')
      if (!isTyping && !ctrlKey && !metaKey && !altKey) latest.current[key]?.()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}
