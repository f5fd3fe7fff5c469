import { AlertDialog } from '@base-ui/react/alert-dialog'
import { useRef, useState } from 'react'
import { useWrite } from '../api/use-write.ts'
import { Modal } from './modal.tsx'

type ConfirmButtonProps = {
  name: string
  /** What is about to be done, with the name of what it is done to. */
  question: string
  /** What will be otherwise then. */
  consequence: string
  ask: () => Promise<unknown>
  /** The path under which it is read what this changes. */
  changes: string
  onDone?: () => void
}

/** Something that cannot be taken back: it is said what will happen before it is done. */
export function ConfirmButton({ name, question, consequence, ask, changes, onDone }: ConfirmButtonProps) {
  const [isOpen, setOpen] = useState(false)
  const cancel = useRef<HTMLButtonElement>(null)
  const writing = useWrite({
    ask,
    changes,
    onDone: () => {
      setOpen(false)
      onDone?.()
    },
  })
  const turn = (isToOpen: boolean) => {
    if (writing.isPending) return
    writing.reset()
    setOpen(isToOpen)
  }
  return (
    <AlertDialog.Root open={isOpen} onOpenChange={turn}>
      <AlertDialog.Trigger className="quiet small">{name}</AlertDialog.Trigger>
      <Modal title={question} hint={consequence} initialFocus={cancel}>
        <p className="fault" role="alert">
          {writing.error?.message}
        </p>
        <div className="form-actions">
          <button
            type="button"
            className="danger"
            disabled={writing.isPending}
            onClick={() => writing.mutate()}
          >
            {name}
          </button>
          <AlertDialog.Close ref={cancel} className="quiet">
            Cancel
          </AlertDialog.Close>
        </div>
      </Modal>
    </AlertDialog.Root>
  )
}
