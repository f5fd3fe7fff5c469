import { useState } from 'react'

/** Something that cannot be taken back: the second press does it. */
export function ConfirmButton({ name, onConfirm }: { name: string; onConfirm: () => Promise<unknown> }) {
  const [progress, setProgress] = useState<'offered' | 'sure' | 'asked' | { fault: string }>('offered')
  const press = () => {
    if (progress !== 'sure') return setProgress('sure')
    setProgress('asked')
    onConfirm().then(
      () => setProgress('offered'),
      (error: Error) => setProgress({ fault: error.message }),
    )
  }
  return (
    <>
      <button
        type="button"
        className={progress === 'sure' ? 'danger small' : 'quiet small'}
        disabled={progress === 'asked'}
        onClick={press}
        onBlur={() => progress === 'sure' && setProgress('offered')}
      >
        {progress === 'sure' ? `Really ${name.charAt(0).toLowerCase()}${name.slice(1)}?` : name}
      </button>
      {typeof progress === 'object' && (
        <span className="fault" role="alert">
          {progress.fault}
        </span>
      )}
    </>
  )
}
