import type { ConsoleConfig } from '../../http/console/console-routes.ts'
import { HealthCard } from './health-card.tsx'
import { KillProcess } from './kill-process.tsx'
import { SettingsCard } from './settings-card.tsx'

/** How this node is, and what it was told when it was started. */
export function SystemPage({ config }: { config: ConsoleConfig | null }) {
  return (
    <>
      <div className="page-head">
        <h1>System</h1>
      </div>
      <div className="with-side system">
        <SettingsCard />
        <div className="side-cards">
          <HealthCard />
          {config?.canBeKilled && <KillProcess />}
        </div>
      </div>
    </>
  )
}
