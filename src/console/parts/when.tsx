/** A moment in few letters: the time of day, and the day when it is not today's. */
export function When({ at }: { at: string }) {
  const date = new Date(at)
  return (
    <time dateTime={at} title={date.toLocaleString()}>
      {whenWords(date)}
    </time>
  )
}

/** A day that was given without a time is the same day everywhere. */
export function DayOrWhen({ at }: { at: string }) {
  if (!/T00:00:00(\.0+)?Z$/.test(at)) return <When at={at} />
  const day = { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' } as const
  return <time dateTime={at.slice(0, 10)}>{new Date(at).toLocaleDateString(undefined, day)}</time>
}

function whenWords(date: Date, today = new Date()): string {
  const time = { hour: '2-digit', minute: '2-digit' } as const
  if (date.toDateString() === today.toDateString()) return date.toLocaleTimeString(undefined, time)
  const year = date.getFullYear() === today.getFullYear() ? undefined : 'numeric'
  return date.toLocaleString(undefined, { ...time, month: 'short', day: 'numeric', year })
}
