import { useState } from 'react'

/** What becomes of a form that is sent: a fault stays until it was taken. */
export function useSaving() {
  const [fault, setFault] = useState<Error | null>(null)
  const [isSaving, setSaving] = useState(false)

  const save = async (send: () => Promise<void>) => {
    setSaving(true)
    try {
      await send()
      setFault(null)
    } catch (error) {
      setFault(error as Error)
    }
    setSaving(false)
  }
  return { fault, isSaving, save }
}
