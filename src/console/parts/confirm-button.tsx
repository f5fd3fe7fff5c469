import { useState } from 'react'
import { useWrite } from '../api/use-write.ts'

type ConfirmButtonProps = {
  name: string
  ask: () => Promise<unknown>
  /** The path under which it is read what this changes. */
  changes: string
  onDone?: () => void
}

/** Something that cannot be taken back: the second press does it. */
export function ConfirmButton({ name, ask, changes, onDone }: ConfirmButtonProps) {
  const [isSure, setSure] = useState(false)
  const writing = useWrite({ ask, changes, onDone: () => onDone?.() })
  const press = () => {
    setSure(!isSure)
    if (isSure) writing.mutate()
  }
  return (
    <>
      <button
        type="button"
        className={isSure ? 'danger small' : 'quiet small'}
        disabled={writing.isPending}
        onClick={press}
        onBlur={() => setSure(false)}
      >
        {isSure ? `Really ${name.charAt(0).toLowerCase()}${name.slice(1)}?` : name}
      </button>
      {writing.error && (
        <span className="fault" role="alert">
          {writing.error.message}
        </span>
      )}
    </>
  )
}
