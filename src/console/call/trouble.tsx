import type { CallRecord } from '../api/calls-api.ts'
import { troubleOf } from './call-story.ts'
import { eventWords } from './timeline-entries.ts'

/** What went wrong last on a call, with the cause that was written down and the vendor's own words; nothing when nothing did. */
export function Trouble({ records }: { records: readonly CallRecord[] }) {
  const trouble = troubleOf(records)
  if (!trouble) return null
  const { type, cause, detail } = trouble
  return (
    <p className="trouble">
      {eventWords(type)}
      {cause ? (
        <>
          : <code>{cause}</code>
          {detail && <span className="trouble-detail"> {detail}</span>}
        </>
      ) : (
        '.'
      )}
    </p>
  )
}
