/*
 * What the doctor says: one finding a line, and how to mend what is not in order.
 */

export type Verdict = 'ok' | 'warn' | 'FAIL' | 'skip'

export type Finding = {
  /** What was looked at, in two or three words; no two findings of a check share it. */
  name: string
  verdict: Verdict
  finding: string
  /** What a person can do about it: the setting's name, the console's page or the command. */
  mend?: string
  /** Does it for them; whether it helped is then looked at again. */
  fix?: () => Promise<void>
}

/** A part of the service that is looked at as a whole. */
export type Check = {
  name: string
  /** What takes longer is given up, and that is a finding too; every request in it has a shorter limit of its own. */
  limitMs: number
  /** Yields findings as they are made. */
  run(): AsyncIterable<Finding>
}

export const ok = (name: string, finding: string): Finding => ({ name, verdict: 'ok', finding })

/** Could not or need not be looked at. */
export const skip = (name: string, finding: string): Finding => ({ name, verdict: 'skip', finding })

/** Works, but is probably not meant. */
export const warn = (name: string, finding: string, mend: string, fix?: Finding['fix']): Finding => ({
  name,
  verdict: 'warn',
  finding,
  mend,
  fix,
})

/** Calls would go wrong. */
export const fail = (name: string, finding: string, mend: string, fix?: Finding['fix']): Finding => ({
  name,
  verdict: 'FAIL',
  finding,
  mend,
  fix,
})
