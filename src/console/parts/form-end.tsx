import { FaultLines } from './fault-lines.tsx'

/** What the form of a thing ends with that is set up, or changed when it is there: only a change can be cancelled. */
export function FormEnd({
  saving,
  isThere,
  onDone,
}: {
  saving: { error: Error | null; isPending: boolean }
  isThere: boolean
  onDone: () => void
}) {
  return (
    <>
      <FaultLines fault={saving.error} />
      <div className="form-actions">
        <button type="submit" disabled={saving.isPending}>
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
