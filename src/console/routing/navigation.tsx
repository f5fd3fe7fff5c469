import { CONSOLE_PAGES } from './pages.ts'

/** The bar of all pages; on a phone it has as many rows as it needs. */
export function Navigation({ page }: { page: string }) {
  return (
    <nav className="navigation" aria-label="Console">
      <ul>
        {CONSOLE_PAGES.map((entry) => (
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
