import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { PhoneCall } from './phone-call.ts'
import { PhonePage } from './phone-page.tsx'

// What follows the # reaches no server, no log and no other site.
const call = new PhoneCall(location.hash.slice(1))
addEventListener('pagehide', () => call.hangUp())
// Another link was opened in the same tab.
addEventListener('hashchange', () => location.reload())

const place = document.getElementById('phone')
if (!place) throw new Error('index.html and main.tsx do not fit.')
createRoot(place).render(
  <StrictMode>
    <PhonePage call={call} />
  </StrictMode>,
)
void call.look()
