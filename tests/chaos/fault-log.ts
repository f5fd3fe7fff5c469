/** Something that was made to go wrong; times are milliseconds of `Date.now()`. */
export type LoggedFault = {
  kind: string
  detail: string
  from: number
  /** Null while it lasts. */
  until: number | null
}

/** What was made to go wrong, and when, to be counted and to be told beside what broke. */
export class FaultLog {
  readonly entries: LoggedFault[] = []

  begin(kind: string, detail = ''): LoggedFault {
    const fault: LoggedFault = { kind, detail, from: Date.now(), until: null }
    this.entries.push(fault)
    return fault
  }

  end(fault: LoggedFault): void {
    fault.until = Date.now()
  }

  /** For what is over as soon as it has begun. */
  note(kind: string, detail = ''): void {
    this.end(this.begin(kind, detail))
  }

  async during<Result>(
    kind: string,
    detail: string,
    act: (fault: LoggedFault) => Promise<Result>,
  ): Promise<Result> {
    const fault = this.begin(kind, detail)
    try {
      return await act(fault)
    } finally {
      this.end(fault)
    }
  }

  /** The faults that lasted at some moment between these two. */
  between(from: number, until: number, kinds?: ReadonlySet<string>): LoggedFault[] {
    return this.entries.filter(
      (fault) =>
        fault.from <= until &&
        (fault.until ?? Number.POSITIVE_INFINITY) >= from &&
        (kinds?.has(fault.kind) ?? true),
    )
  }

  get counts(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const { kind } of this.entries) counts[kind] = (counts[kind] ?? 0) + 1
    return counts
  }
}
