import type { AnyMachineSnapshot, EventObject } from 'xstate'
import type { Address, Messages } from '../../machines/call/messages.ts'
import type { CallEvent } from '../../machines/call-events.ts'

type Said<To extends Address> = Messages[To] | CallEvent
type Events = Record<string, EventObject>

const said = <To extends Address>(events: Record<string, Said<To>>): Events => events

const REFUSED = { type: 'agent.overrideRefused', voiceId: null, isGone: false } as const

/** What can be said to each machine, in the words of one who knows which bridge and which connection it is at. */
export const EVENTS_OF: Record<Address, (snapshot: AnyMachineSnapshot) => Events> = {
  call: () =>
    said<'call'>({
      'operator.hangupRequested': { type: 'operator.hangupRequested', by: 'ann' },
      'leg.asks': { type: 'leg.asks' },
      'leg.streams': { type: 'leg.streams', bridgeNumber: 1 },
      'leg.streamsNoMore': { type: 'leg.streamsNoMore' },
      'leg.isUnbridgeable': { type: 'leg.isUnbridgeable' },
      'leg.hasLeftStream': { type: 'leg.hasLeftStream' },
      'leg.hearsNothing': { type: 'leg.hearsNothing' },
      'leg.isGone': { type: 'leg.isGone', reason: 'caller_hung_up' },
      'voice.isSettled': { type: 'voice.isSettled' },
      'voice.isPending': { type: 'voice.isPending' },
      'conversation.isOver, ended': { type: 'conversation.isOver', reason: 'agent_ended' },
      'conversation.isOver, lost': { type: 'conversation.isOver', reason: 'agent_lost' },
    }),
  leg: ({ context: { bridgeNumber } }) =>
    said<'leg'>({
      'leg.instructionsRequested': { type: 'leg.instructionsRequested' },
      'leg.instructionsRequested, leaving': { type: 'leg.instructionsRequested', leaves: bridgeNumber },
      'leg.streamEnded': { type: 'leg.streamEnded', bridgeNumber },
      'leg.ended': { type: 'leg.ended', status: 'completed' },
      'media.joined': { type: 'media.joined', bridgeNumber, node: 'node-1' },
      'media.lost, announced': { type: 'media.lost', bridgeNumber, clean: true },
      'media.lost, broken': { type: 'media.lost', bridgeNumber, clean: false },
      'relay.unresponsive': { type: 'relay.unresponsive', bridgeNumber },
      'call.bridge': { type: 'call.bridge' },
      'call.redirect': { type: 'call.redirect' },
      'conversation.checkLeg': { type: 'conversation.checkLeg' },
      'call.letGo': { type: 'call.letGo' },
      'call.hangUp': { type: 'call.hangUp', reason: 'too_long' },
    }),
  conversation: ({ context: { agentBridge: bridgeNumber, agentConnection: connection } }) =>
    said<'conversation'>({
      'call.converse': { type: 'call.converse', bridgeNumber: 1 },
      'call.pause': { type: 'call.pause' },
      'call.isOver': { type: 'call.isOver' },
      'agent.ready': { type: 'agent.ready', bridgeNumber, connection, conversationId: 'talk' },
      'agent.lost': { type: 'agent.lost', bridgeNumber, connection, cause: 'closed' },
      'agent.lost, for good': {
        type: 'agent.lost',
        bridgeNumber,
        connection,
        cause: 'refused',
        isPermanent: true,
      },
      'agent.ended': { type: 'agent.ended', bridgeNumber, connection },
      'agent.overrideRefused, voice': { ...REFUSED, bridgeNumber, connection, override: 'voice' },
      'agent.overrideRefused, other': { ...REFUSED, bridgeNumber, connection, override: 'language' },
    }),
  voice: () =>
    said<'voice'>({
      'voice.ready': { type: 'voice.ready', voiceId: 'cloned-voice' },
      'voice.failed': { type: 'voice.failed', cause: 'rejected' },
      'call.asksForVoice': { type: 'call.asksForVoice' },
      'call.isOver': { type: 'call.isOver' },
      'conversation.refusesVoice': { type: 'conversation.refusesVoice', voiceId: null, isGone: false },
      'conversation.refusesVoice, gone': { type: 'conversation.refusesVoice', voiceId: null, isGone: true },
    }),
  transfer: ({ context: { transferNumber } }) =>
    said<'transfer'>({
      'transfer.requested': {
        type: 'transfer.requested',
        transferNumber: transferNumber + 1,
        to: '+15550142999',
      },
      'transfer.refused': { type: 'transfer.refused', to: null, status: 400, reason: 'malformed' },
      'transfer.completed': { type: 'transfer.completed', transferNumber },
      'transfer.completed, an earlier one': {
        type: 'transfer.completed',
        transferNumber: transferNumber - 1,
      },
      'transfer.failed': { type: 'transfer.failed', transferNumber, status: 486, reason: 'busy' },
      'transfer.failed, an earlier one': {
        type: 'transfer.failed',
        transferNumber: transferNumber - 1,
        status: 486,
        reason: 'busy',
      },
      'leg.closes': { type: 'leg.closes' },
    }),
}
