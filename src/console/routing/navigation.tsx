import { useEffect, useRef } from 'react'
import { CONSOLE_PAGES } from './pages.ts'

/** The bar of all pages; on a phone it is longer than the screen, and moves so that the present page can be seen. */
export function Navigation({ page }: { page: string }) {
  const bar = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another link that is current.
  useEffect(() => {
    const current = bar.current?.querySelector<HTMLElement>('[aria-current]')
    if (bar.current && current) bar.current.scrollLeft = current.offsetLeft - bar.current.clientWidth / 2
  }, [page])
  return (
    <nav className="navigation" aria-label="Console" ref={bar}>
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
