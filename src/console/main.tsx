import { QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/query-client.ts'
import { App } from './app.tsx'
import { TestCall } from './test-call/test-call.ts'

/** A link that signs in was opened by somebody who is signed in already: the key must not stay in the address bar. */
function hideKey(): void {
  if (location.hash.startsWith('#key=')) history.replaceState(null, '', location.pathname + location.search)
}
hideKey()
addEventListener('hashchange', hideKey)

const testCall = new TestCall()
addEventListener('pagehide', () => testCall.hangUp())
// For tests and for looking into a call whose sound is bad.
Object.defineProperty(window, 'testCallFigures', { get: () => testCall.figures })

const place = document.getElementById('console')
if (!place) throw new Error('index.html and main.tsx do not fit.')
createRoot(place).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <App testCall={testCall} />
    </QueryClientProvider>
  </StrictMode>,
)
