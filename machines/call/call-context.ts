import type { CallLimits } from '../call-events.ts'
import type { StoryContext } from './call.machine.ts'
import type { ConversationContext } from './conversation.machine.ts'
import type { LegContext } from './leg.machine.ts'
import type { TransferContext } from './transfer.machine.ts'
import type { VoiceContext } from './voice.machine.ts'

/** What each machine of a call remembers, by its address. */
export type ContextOf = {
  call: StoryContext
  leg: LegContext
  conversation: ConversationContext
  voice: VoiceContext
  transfer: TransferContext
}

/** All that a call remembers, as adapters, the relay and people read it: no two machines have a name in common. */
export type CallContext = Omit<
  StoryContext & LegContext & ConversationContext & VoiceContext & TransferContext,
  'limits'
> & { limits: CallLimits }

export const joinedContext = ({ call, leg, conversation, voice, transfer }: ContextOf): CallContext => ({
  ...transfer,
  ...voice,
  ...conversation,
  ...leg,
  ...call,
  limits: { ...voice?.limits, ...conversation?.limits, ...leg?.limits, ...call?.limits },
})
