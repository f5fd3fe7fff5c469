import type { Logger } from 'pino'
import type { ClockScope } from '../clock-scope.ts'
import type { Script } from '../script.ts'
import type { AgentConfig } from './agent-config.ts'
import type { ConversationLog } from './conversation-log.ts'
import type { Faults } from './faults.ts'
import type { SignedUrls } from './signed-urls.ts'
import type { VoiceLibrary } from './voice-library.ts'

/** Counts of what was asked for, whether or not it was granted. */
type RequestCounts = { clone: number; speech: number; signedUrl: number; speechCharacters: number }

/** One account of the simulated vendor: everything that its REST API and its WebSockets share. */
export type Workspace = {
  apiKey: string
  clock: ClockScope
  log: Logger
  faults: Faults
  script: Script
  voices: VoiceLibrary
  agents: Map<string, AgentConfig>
  signedUrls: SignedUrls
  conversations: ConversationLog
  counts: RequestCounts
  /** Whether what agents hear is kept as it came, for a test to listen to. */
  keepsCallerAudio: boolean
  /** How long the clone request with this number, counted from 1, takes. */
  cloneDelayMs(request: number): number
}
