import { useEffect, useRef } from 'react'
import type { ConsoleConfig } from '../http/console/console-routes.ts'
import { AgentsPage } from './agents/agents-page.tsx'
import { signOut } from './api/calls-api.ts'
import { useConsoleConfig } from './api/console-config.ts'
import { AuditPage } from './audit/audit-page.tsx'
import { CallPage } from './call/call-page.tsx'
import { CallsPage } from './calls/calls-page.tsx'
import { CoveragePage } from './coverage/coverage-page.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import iconUrl from './icon.svg'
import { LicencesPage } from './licences/licences-page.tsx'
import { LivePage } from './live/live-page.tsx'
import { PhoneLinksPage } from './phone-links/phone-links-page.tsx'
import { RecentCalls } from './recent-calls/recent-calls.tsx'
import { type Route, routeOf, useHash } from './routing/hash-route.ts'
import { Navigation } from './routing/navigation.tsx'
import { CONSOLE_PAGES } from './routing/pages.ts'
import { SignInAgain } from './sign-in-again.tsx'
import { StatisticsPage } from './statistics/statistics-page.tsx'
import { SystemPage } from './system/system-page.tsx'
import { CallUs } from './test-call/call-us.tsx'
import { DialSip } from './test-call/sip-line.tsx'
import type { TestCall } from './test-call/test-call.ts'
import { TestCallPanel } from './test-call/test-call-panel.tsx'
import { TrunksPage } from './trunks/trunks-page.tsx'
import { VoicesPage } from './voices/voices-page.tsx'

type PageProps = { route: Route; config: ConsoleConfig | null; testCall: TestCall }

/** The frame around the console's pages. A test call goes on while one looks at another page. */
export function App({ testCall }: { testCall: TestCall }) {
  const config = useConsoleConfig()
  const route = routeOf(useHash())
  const main = useRef<HTMLElement>(null)
  const place = `${route.page}/${route.id ?? ''}`
  const first = useRef(place)
  useEffect(() => {
    document.title = [nameOf(route.page), 'VoiceClone Pre-Call'].filter(Boolean).join(' · ')
    // Whoever reads with a screen reader, or goes by keyboard, is where the new page begins.
    if (place !== first.current) main.current?.focus({ preventScroll: true })
    first.current = place
    scrollTo(0, 0)
  }, [place, route.page])
  return (
    <>
      <Header config={config} page={route.page} />
      <main ref={main} tabIndex={-1} data-page={route.page || 'test-call'}>
        <ErrorBoundary key={place}>
          <Page route={route} config={config} testCall={testCall} />
        </ErrorBoundary>
      </main>
      <footer className="app-footer">
        <a href="#/licences">Licences</a>
      </footer>
      <SignInAgain />
    </>
  )
}

function Page(props: PageProps) {
  switch (props.route.page) {
    case '':
      return <TestCallPage {...props} />
    case 'live':
      return props.route.query.get('show') === 'tests' ? <CoveragePage /> : <LivePage />
    case 'calls':
      return props.route.id ? (
        <CallPage
          id={props.route.id}
          step={props.route.query.get('step')}
          canBeKilled={props.config?.canBeKilled ?? false}
        />
      ) : (
        <CallsPage query={props.route.query} />
      )
    case 'voices':
      return <VoicesPage />
    case 'agents':
      return <AgentsPage />
    case 'phone-links':
      return <PhoneLinksPage />
    case 'trunks':
      return <TrunksPage />
    case 'statistics':
      return <StatisticsPage />
    case 'system':
      return <SystemPage config={props.config} />
    case 'audit':
      return <AuditPage />
    case 'licences':
      return <LicencesPage />
    default:
      return <NoSuchPage />
  }
}

const nameOf = (page: string) => CONSOLE_PAGES.find((entry) => entry.page === page)?.name

function TestCallPage({ config, testCall }: PageProps) {
  return (
    <>
      {config === null && <Waiting />}
      {config?.carrier === 'simulated' && <TestCallPanel testCall={testCall} />}
      {config?.carrier === 'real' && <CallUs phoneNumber={config.phoneNumber} />}
      {config?.sip && <DialSip line={config.sip} />}
      <RecentCalls testCall={testCall} />
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

function NoSuchPage() {
  return (
    <div className="introduction">
      <h1>There is no such page</h1>
      <p>
        The address is none of this console’s. <a href="#/">Begin at the beginning</a>
      </p>
    </div>
  )
}

/** With SIP there are two carriers, of which only Twilio is ever simulated. */
function carriersOf({ carrier, sip }: ConsoleConfig): string[] {
  if (!sip) return [carrier === 'simulated' ? 'Simulated carrier' : 'Twilio']
  return [carrier === 'simulated' ? 'Simulated Twilio' : 'Twilio', 'SIP']
}

function Header({ config, page }: { config: ConsoleConfig | null; page: string }) {
  return (
    <header className="app-header">
      <a className="app-name" href="#/">
        <img src={iconUrl} alt="" width="28" height="28" />
        VoiceClone Pre-Call
      </a>
      <Navigation page={page} />
      {config && (
        <ul className="surroundings" aria-label="What stands behind this console">
          {carriersOf(config).map((carrier) => (
            <li key={carrier}>{carrier}</li>
          ))}
          <li>{config.agentVendor === 'simulated' ? 'Simulated agent' : 'ElevenLabs'}</li>
        </ul>
      )}
      <button
        type="button"
        className="quiet small"
        onClick={() => void signOut().then(() => location.reload())}
      >
        Sign out
      </button>
    </header>
  )
}
