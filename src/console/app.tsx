import { signOut } from './api/calls-api.ts'
import { type ConsoleConfig, useConsoleConfig } from './api/console-config.ts'
import iconUrl from './icon.svg'
import { RecentCalls } from './recent-calls/recent-calls.tsx'
import { CallUs } from './test-call/call-us.tsx'
import type { TestCall } from './test-call/test-call.ts'
import { TestCallPanel } from './test-call/test-call-panel.tsx'

/** The frame around the console's pages; the only one yet is the test call. */
export function App({ testCall }: { testCall: TestCall }) {
  const config = useConsoleConfig()
  return (
    <>
      <Header config={config} />
      <main>
        {config === null && <Waiting />}
        {config?.carrier === 'simulated' && <TestCallPanel testCall={testCall} />}
        {config?.carrier === 'real' && <CallUs phoneNumber={config.phoneNumber} />}
        <RecentCalls testCall={testCall} />
      </main>
    </>
  )
}

/** Nothing can be offered before it is known what stands behind the console. */
function Waiting() {
  return (
    <div className="introduction" role="status">
      <h1>Asking the service</h1>
      <p>The console opens as soon as the service answers.</p>
    </div>
  )
}

function Header({ config }: { config: ConsoleConfig | null }) {
  return (
    <header className="app-header">
      <img src={iconUrl} alt="" width="30" height="30" />
      <span className="app-name">VoiceClone Pre-Call</span>
      {config && (
        <ul className="surroundings">
          <li>{config.carrier === 'simulated' ? 'Simulated carrier' : 'Twilio'}</li>
          <li>{config.agentVendor === 'simulated' ? 'Simulated agent' : 'ElevenLabs'}</li>
        </ul>
      )}
      <button type="button" className="quiet" onClick={() => void signOut().then(() => location.reload())}>
        Sign out
      </button>
    </header>
  )
}
