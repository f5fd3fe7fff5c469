import { Component, type ReactNode } from 'react'

type Props = { children: ReactNode }

/** A page that breaks leaves the others, and says that it is our fault. */
export class ErrorBoundary extends Component<Props, { error: Error | null }> {
  override state = { error: null as Error | null }

  static getDerivedStateFromError(error: Error): { error: Error } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return (
      <div className="introduction" role="alert">
        <h1>This page has broken</h1>
        <p>
          That is a fault of the console; no call knows of it. Load the page again, or go to another. It said:{' '}
          <code>{error.message}</code>
        </p>
      </div>
    )
  }
}
