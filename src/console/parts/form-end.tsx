import { FaultLines } from './fault-lines.tsx'

/** What the form of a thing ends with that is set up, or changed when it is there: only a change can be cancelled. */
export function FormEnd({
  fault,
  isSaving,
  isThere,
  onDone,
}: {
  fault: Error | null
  isSaving: boolean
  isThere: boolean
  onDone: () => void
}) {
  return (
    <>
      <FaultLines fault={fault} />
      <div className="form-actions">
        <button type="submit" disabled={isSaving}>
          {isThere ? 'Save' : 'Set up'}
        </button>
        {isThere && (
          <button type="button" className="quiet" onClick={onDone}>
            Cancel
          </button>
        )}
      </div>
    </>
  )
}
