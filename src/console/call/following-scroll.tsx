import { type ReactNode, useEffect, useRef } from 'react'

/** As near to the end as this counts as reading the newest, in pixels. */
const NEAR_END = 48

/** A list that grows at its end and stays there, unless somebody has scrolled up to read. */
export function FollowingScroll({
  label,
  news,
  children,
}: {
  label: string
  news: number
  children: ReactNode
}) {
  const area = useRef<HTMLDivElement>(null)
  const isFollowing = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is what is new that scrolls, not what is read.
  useEffect(() => {
    const { current } = area
    if (current && isFollowing.current) current.scrollTop = current.scrollHeight
  }, [news])

  return (
    <section
      ref={area}
      className="following-scroll"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, nobody can scroll here with a keyboard.
      tabIndex={0}
      aria-label={`${label}, scrollable`}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        isFollowing.current = scrollHeight - scrollTop - clientHeight < NEAR_END
      }}
    >
      {children}
    </section>
  )
}
