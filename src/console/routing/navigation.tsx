/** The console's pages, in the order of the bar. Handoff and campaigns will be two more. */
export const PAGES = [
  { page: '', name: 'Test call' },
  { page: 'live', name: 'Live' },
  { page: 'calls', name: 'Calls' },
  { page: 'voices', name: 'Voices' },
  { page: 'agents', name: 'Agents' },
  { page: 'statistics', name: 'Statistics' },
  { page: 'system', name: 'System' },
  { page: 'audit', name: 'Audit log' },
] as const

export function Navigation({ page }: { page: string }) {
  return (
    <nav className="navigation" aria-label="Console">
      <ul>
        {PAGES.map((entry) => (
          <li key={entry.page}>
            <a href={`#/${entry.page}`} aria-current={entry.page === page ? 'page' : undefined}>
              {entry.name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
