import { AlertDialog } from '@base-ui/react/alert-dialog'
import type { ReactNode, RefObject } from 'react'

type ModalProps = {
  title: string
  hint: string
  initialFocus?: RefObject<HTMLElement | null>
  children: ReactNode
}

/** What an AlertDialog.Root shows over the page, which cannot be used meanwhile. */
export function Modal({ title, hint, initialFocus, children }: ModalProps) {
  return (
    <AlertDialog.Portal>
      <AlertDialog.Backdrop className="backdrop" />
      <AlertDialog.Popup className="card modal" initialFocus={initialFocus}>
        <AlertDialog.Title>{title}</AlertDialog.Title>
        <AlertDialog.Description className="hint">{hint}</AlertDialog.Description>
        {children}
      </AlertDialog.Popup>
    </AlertDialog.Portal>
  )
}
