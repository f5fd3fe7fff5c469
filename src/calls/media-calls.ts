import type { CallHost } from './call-host.ts'
import type { CallFeed } from './feed.ts'
import type { AgentAudio, AgentSettings, MediaCalls, Turn } from './ports.ts'

/** Where what was said is written down. */
export interface ConversationLog {
  record(callId: string, turn: Turn): Promise<void>
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
  conversations: ConversationLog
  agentAudio: AgentAudioMemory
  /** The settings of an agent; of the default one for null. */
  agent: (id: string | null) => Promise<AgentSettings>
  /** A stream was not let in. */
  onRefused: () => void
}): MediaCalls {
  const { host, feed, conversations } = options
  return {
    async join(claim) {
      const answer = await host.join(claim)
      if ('refused' in answer) options.onRefused()
      return answer
    },
    send: async (callId, event) => (await host.send({ callId }, event))?.view ?? null,
    watch: (callId, onChange) => feed.watch(callId, onChange),
    async agentRequest(callId) {
      const call = await host.find({ callId })
      if (!call) throw new Error(`Call ${callId} is unknown.`)
      const [agent, conversationSoFar] = await Promise.all([
        options.agent(call.row.agentId),
        conversations.turns(callId),
      ])
      const { from, to } = call.row
      return { callId, agent, voiceId: call.view.context.voiceId, conversationSoFar, from, to }
    },
    learnAgentAudio: (agentId, audio) => options.agentAudio.keep(agentId, audio),
    recordTurn: (callId, turn) => conversations.record(callId, turn),
    correctTurn: (callId, original, spoken) => conversations.correct(callId, original, spoken),
  }
}
