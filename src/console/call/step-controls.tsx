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
      <StepButton name="First" isDisabled={index === 0} onPress={() => cursor.go(0)} />
      <StepButton name="← Back" keys="," isDisabled={index === 0} onPress={() => cursor.go(index - 1)} />
      <StepButton
        name={isPlaying ? 'Pause' : 'Play'}
        isPressed={isPlaying}
        onPress={() => cursor.play(!isPlaying)}
      />
      <StepButton
        name="Next →"
        keys="."
        isDisabled={index >= steps.length - 1}
        onPress={() => cursor.go(index + 1)}
      />
      {isLive && <StepButton name="Live" isPressed={ms === null} onPress={() => cursor.follow()} />}
      <p className="step-place" role="status">
        {step ? `Step ${index + 1} of ${steps.length}, +${durationWords(step.ms)}: ` : ''}
        <code>{step?.type}</code>
      </p>
    </div>
  )
}

type StepButtonProps = {
  name: string
  keys?: string
  isDisabled?: boolean
  isPressed?: boolean
  onPress: () => void
}

function StepButton({ name, keys, isDisabled, isPressed, onPress }: StepButtonProps) {
  return (
    <button
      type="button"
      className="quiet small"
      disabled={isDisabled}
      aria-keyshortcuts={keys}
      aria-pressed={isPressed}
      onClick={onPress}
    >
      {name}
    </button>
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
