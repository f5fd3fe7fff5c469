import type { ReactNode } from 'react'

/** A name over a field, with a word of explanation. */
export function Labelled({ name, hint, children }: { name: string; hint?: string; children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label className="labelled">
      <span className="label-name">{name}</span>
      {children}
      {hint && <span className="hint">{hint}</span>}
    </label>
  )
}
