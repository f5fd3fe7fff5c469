import type { Logger } from 'pino'
import type { AgentAudio, Turn } from '../media/agent-port.ts'
import type { MediaCalls } from '../media/calls-port.ts'
import type { AgentSettings } from './agent-settings.ts'
import type { CallHost } from './call-host.ts'
import type { ReportKeeper } from './report-keeper.ts'
import { untilWritten } from './until-written.ts'
import type { CallFeed } from './view.ts'

/** Where what was said is written down. */
export interface ConversationLog {
  record(callId: string, turn: Pick<Turn, 'role' | 'text'>): Promise<void>
  correct(callId: string, original: string, spoken: string): Promise<void>
  turns(callId: string): Promise<Turn[]>
}

/** How agents were last found to hear and to speak. */
export interface AgentAudioMemory {
  keep(agentId: string, audio: AgentAudio): Promise<void>
}

/** The relay's way to the calls: their host, their feed and the conversation log, seen as one. */
export function mediaCalls(options: {
  host: CallHost
  feed: CallFeed
  reports: ReportKeeper
  conversations: ConversationLog
  agentAudio: AgentAudioMemory
  /** The settings of an agent; of the default one for null. */
  agent: (id: string | null) => Promise<AgentSettings>
  /** A stream was not let in. */
  onRefused: () => void
  log: Logger
}): MediaCalls {
  const { host, feed, reports, conversations, log } = options
  return {
    async join(claim) {
      const answer = await host.join(claim)
      if ('refused' in answer) options.onRefused()
      return answer
    },
    async send(callId, event) {
      if (event.type !== 'media.lost') {
        const what = { callId, event: event.type }
        return (await untilWritten(() => host.send({ callId }, event), { log, what }))?.view ?? null
      }
      try {
        return (await host.send({ callId }, event))?.view ?? null
      } catch (error) {
        // The session is over, and waits for nothing.
        void reports.keep({ address: { callId }, event, eventId: `media.lost:${event.bridgeNumber}` })
        throw error
      }
    },
    watch: (callId, onChange) => feed.watch(callId, onChange),
    async agentRequest(callId) {
      const call = await host.find({ callId })
      if (!call) throw new Error(`Call ${callId} is unknown.`)
      const [agent, conversationSoFar] = await Promise.all([
        options.agent(call.row.agentId),
        conversations.turns(callId),
      ])
      const { from, to } = call.row
      const { voiceId, refusedOverrides } = call.view.context
      return { callId, agent, voiceId, refusedOverrides, conversationSoFar, from, to }
    },
    learnAgentAudio: (agentId, audio) => options.agentAudio.keep(agentId, audio),
    recordTurn: (callId, turn) => conversations.record(callId, turn),
    correctTurn: (callId, original, spoken) => conversations.correct(callId, original, spoken),
  }
}
