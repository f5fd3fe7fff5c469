/** What is wrong with a chart: where, why, and how to mend it. */
export type Finding = { where: string; why: string; mend: string }

/** One question asked of a chart; `answer` says what holds when nothing was found, or why it could not be asked. */
export type Checked = {
  rule:
    | 'bounded time'
    | 'end in reach'
    | 'no event lost'
    | 'messages heard'
    | 'legs apart'
    | 'nothing dead'
    | 'no failure'
    | 'no silence'
  findings: Finding[]
  answer: string
  isSkipped?: boolean
}
