import type { MessageType } from '../../machines/call/messages.ts'
import { type Row, row } from './call-rows.ts'
import { TRANSFERRING_TABLE } from './transferring-table.ts'

/*
 * What every state makes of every event and every timer: the place that the leg comes to, what changes in the context,
 * what is asked of the world, in order, and which timers start and stop; entering a state anew starts them afresh.
 * Where no voice is named it stays as it was, whichever it was. A column that a row does not name is ignored there: it
 * changes nothing and asks for nothing. Written by `npm run model -- ledger --write`, and read by whoever changes the chart.
 */

/**
 * What the machines of a call say to each other where it changes nothing, by the state that it meets; everything else that one says to
 * another must do something.
 */
export const IGNORED_MESSAGES = {
  'call.closing': ['leg.streamsNoMore', 'voice.isSettled'],
  'call.ended': ['leg.streamsNoMore'],
  'call.failed': ['leg.asks', 'leg.hasLeftStream', 'leg.hearsNothing', 'leg.streamsNoMore'],
  'call.rejected': ['leg.asks', 'leg.hasLeftStream', 'leg.hearsNothing'],
  'conversation.idle': ['call.pause'],
  'conversation.over': ['call.isOver', 'call.pause'],
  'transfer.over': ['leg.closes'],
  'voice.settled.cached': ['call.isOver'],
  'voice.settled.cloned': ['call.isOver'],
  'voice.settled.default': ['call.isOver'],
} as const satisfies Record<string, readonly MessageType[]>

export const CALL_TABLE: Record<string, Row> = {
  greeting: row({
    'leg.instructionsRequested':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, start LEG_PATIENCE, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop LEG_PATIENCE',
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, start LEG_PATIENCE, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop LEG_PATIENCE',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'transfer.requested': 'greeting; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'greeting; transfersRefused 1',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    GREETING_OVERDUE: 'greeting: redirectLeg leg-1 0',
    LEG_PATIENCE:
      'ended; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop GREETING_OVERDUE, stop LEG_PATIENCE',
  }),
  joining: row({
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    'media.joined':
      'bridged.connecting; agentBridge 1; agentConnection 1: start AGENT_CONNECT, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    'transfer.requested': 'joining; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'joining; transfersRefused 1',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    LEG_PATIENCE:
      'ended; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    JOIN_OVERDUE: 'joining: redirectLeg leg-1 1',
  }),
  ended: row({}),
  closing: row({
    'leg.instructionsRequested': 'ended: stop CALL_MAX, stop FAREWELL',
    'leg.instructionsRequested, leaving': 'ended: stop CALL_MAX, stop FAREWELL',
    'leg.streamEnded': 'ended: stop CALL_MAX, stop FAREWELL',
    'leg.ended': 'ended; goneBecause caller_hung_up: stop CALL_MAX, stop FAREWELL',
    'relay.unresponsive': 'closing: hangUpLeg leg-1 operator_hung_up',
    'transfer.refused': 'closing; transfersRefused 1',
    'operator.hangupRequested': 'closing: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop FAREWELL',
    CALL_MAX: 'ended: hangUpLeg leg-1 operator_hung_up, stop CALL_MAX, stop FAREWELL',
    FAREWELL: 'ended: hangUpLeg leg-1 operator_hung_up, stop CALL_MAX, stop FAREWELL',
  }),
  'bridged.connecting': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT',
    'leg.streamEnded': 'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_CONNECT, stop CALL_MAX',
    'media.lost, announced': 'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT',
    'media.lost, broken': 'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT',
    'relay.unresponsive': 'bridged.connecting; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.requested':
      'bridged.connecting; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'bridged.connecting; transfersRefused 1',
    'agent.ready':
      'bridged.talking; conversationId talk-1: start AGENT_STEADY, start TALK_CHECK, stop AGENT_CONNECT',
    'agent.lost':
      'bridged.backingOff; agentReconnects 1: start AGENT_PAUSE, start AGENT_RECOVERY, stop AGENT_CONNECT',
    'agent.ended': 'closing; endReason agent_ended: start FAREWELL, stop AGENT_CONNECT',
    'agent.overrideRefused': 'bridged.connecting; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_CONNECT',
    CALL_MAX: 'ended; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_CONNECT, stop CALL_MAX',
    AGENT_CONNECT:
      'bridged.backingOff; agentReconnects 1: start AGENT_PAUSE, start AGENT_RECOVERY, stop AGENT_CONNECT',
  }),
  departing: row({
    'leg.instructionsRequested':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'transfer.requested': 'departing; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'departing; transfersRefused 1',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    REJOIN_OVERDUE: 'departing: redirectLeg leg-1 1',
    REJOIN_PATIENCE:
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: hangUpLeg leg-1 caller_hung_up, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
  }),
  rejoining: row({
    'leg.instructionsRequested':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'transfer.requested': 'rejoining; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'rejoining; transfersRefused 1',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    REJOIN_OVERDUE: 'rejoining: redirectLeg leg-1 1',
    REJOIN_PATIENCE:
      'ended; goneBecause media_lost; endReason media_lost: hangUpLeg leg-1 media_lost, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
  }),
  'bridged.talking': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'leg.streamEnded': 'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_STEADY, stop CALL_MAX, stop TALK_CHECK',
    'media.lost, announced':
      'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'media.lost, broken':
      'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'relay.unresponsive': 'bridged.talking; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.requested':
      'bridged.talking; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'bridged.talking; transfersRefused 1',
    'agent.lost':
      'bridged.backingOff; agentReconnects 1: start AGENT_PAUSE, start AGENT_RECOVERY, stop AGENT_STEADY, stop TALK_CHECK',
    'agent.ended': 'closing; endReason agent_ended: start FAREWELL, stop AGENT_STEADY, stop TALK_CHECK',
    'agent.overrideRefused': 'bridged.talking; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_STEADY, stop TALK_CHECK',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_STEADY, stop CALL_MAX, stop TALK_CHECK',
    AGENT_STEADY: 'bridged.talking',
    TALK_CHECK:
      'bridged.talking: checkLeg leg-1 1, start AGENT_STEADY, start TALK_CHECK, stop AGENT_STEADY, stop TALK_CHECK',
  }),
  'bridged.backingOff': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_PAUSE, stop AGENT_RECOVERY, stop CALL_MAX',
    'media.lost, announced':
      'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'media.lost, broken':
      'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'relay.unresponsive': 'bridged.backingOff; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.requested':
      'bridged.backingOff; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'bridged.backingOff; transfersRefused 1',
    'agent.ended': 'closing; endReason agent_ended: start FAREWELL, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'agent.overrideRefused': 'bridged.backingOff; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_PAUSE, stop AGENT_RECOVERY, stop CALL_MAX',
    AGENT_RECOVERY:
      'failed; endReason agent_unreachable: start FAREWELL, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    AGENT_PAUSE: 'bridged.reconnecting; agentConnection 2: start AGENT_CONNECT, stop AGENT_PAUSE',
  }),
  'bridged.reconnecting': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_CONNECT, stop AGENT_RECOVERY, stop CALL_MAX',
    'media.lost, announced':
      'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'media.lost, broken':
      'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'relay.unresponsive': 'bridged.reconnecting; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.requested':
      'bridged.reconnecting; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'bridged.reconnecting; transfersRefused 1',
    'agent.ready':
      'bridged.talking; conversationId talk-1: start AGENT_STEADY, start TALK_CHECK, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'agent.lost': 'bridged.backingOff; agentPauses 1: start AGENT_PAUSE, stop AGENT_CONNECT',
    'agent.ended': 'closing; endReason agent_ended: start FAREWELL, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'agent.overrideRefused': 'bridged.reconnecting; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_CONNECT, stop AGENT_RECOVERY, stop CALL_MAX',
    AGENT_CONNECT: 'bridged.backingOff; agentPauses 1: start AGENT_PAUSE, stop AGENT_CONNECT',
    AGENT_RECOVERY:
      'failed; endReason agent_unreachable: start FAREWELL, stop AGENT_CONNECT, stop AGENT_RECOVERY',
  }),
  failed: row({
    'leg.ended': 'ended; goneBecause caller_hung_up: stop CALL_MAX, stop FAREWELL',
    'transfer.refused': 'failed; transfersRefused 1',
    'operator.hangupRequested': 'closing: hangUpLeg leg-1 agent_unreachable, start FAREWELL, stop FAREWELL',
    CALL_MAX: 'ended: hangUpLeg leg-1 agent_unreachable, stop CALL_MAX, stop FAREWELL',
    FAREWELL: 'ended: hangUpLeg leg-1 agent_unreachable, stop CALL_MAX, stop FAREWELL',
  }),
  'greeting while cloning': row({
    'leg.instructionsRequested':
      'hold; holdRound 1: start LEG_PATIENCE, start ROUND_OVERDUE, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'leg.instructionsRequested, leaving':
      'hold; holdRound 1: start LEG_PATIENCE, start ROUND_OVERDUE, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'transfer.requested': 'greeting; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'greeting; transfersRefused 1',
    'voice.ready':
      'joining; voice cloned; voiceId cloned-voice: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'voice.failed':
      'joining; voice default: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    GREETING_OVERDUE: 'greeting: redirectLeg leg-1 0',
    LEG_PATIENCE:
      'ended; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    CLONE_MAX_WAIT:
      'joining; voice default: recordCloneTimeout sample-1, redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
  }),
  'hold while cloning': row({
    'leg.instructionsRequested':
      'hold; holdRound 2: start LEG_PATIENCE, start ROUND_OVERDUE, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'leg.instructionsRequested, leaving':
      'hold; holdRound 2: start LEG_PATIENCE, start ROUND_OVERDUE, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'leg.ended':
      'ended; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'transfer.requested': 'hold; transferNumber 1; transferTo +15550142999: start TRANSFER_RINGING',
    'transfer.refused': 'hold; transfersRefused 1',
    'voice.ready':
      'joining; voice cloned; voiceId cloned-voice: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'voice.failed':
      'joining; voice default: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    CALL_MAX:
      'ended; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    ROUND_OVERDUE: 'hold: redirectLeg leg-1 0',
    LEG_PATIENCE:
      'ended; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    CLONE_MAX_WAIT:
      'joining; voice default: recordCloneTimeout sample-1, redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
  }),
  'closing while cloning': row({
    'leg.instructionsRequested': 'ended: stop CALL_MAX, stop CLONE_MAX_WAIT, stop FAREWELL',
    'leg.instructionsRequested, leaving': 'ended: stop CALL_MAX, stop CLONE_MAX_WAIT, stop FAREWELL',
    'leg.streamEnded': 'ended: stop CALL_MAX, stop CLONE_MAX_WAIT, stop FAREWELL',
    'leg.ended': 'ended; goneBecause caller_hung_up: stop CALL_MAX, stop CLONE_MAX_WAIT, stop FAREWELL',
    'relay.unresponsive': 'closing: hangUpLeg leg-1 operator_hung_up',
    'transfer.refused': 'closing; transfersRefused 1',
    'voice.ready': 'closing; voice cloned; voiceId cloned-voice: stop CLONE_MAX_WAIT',
    'voice.failed': 'closing; voice default: stop CLONE_MAX_WAIT',
    'operator.hangupRequested': 'closing: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop FAREWELL',
    CALL_MAX: 'ended: hangUpLeg leg-1 operator_hung_up, stop CALL_MAX, stop CLONE_MAX_WAIT, stop FAREWELL',
    FAREWELL: 'ended: hangUpLeg leg-1 operator_hung_up, stop CALL_MAX, stop CLONE_MAX_WAIT, stop FAREWELL',
    CLONE_MAX_WAIT: 'closing; voice default: recordCloneTimeout sample-1, stop CLONE_MAX_WAIT',
  }),
  rejected: row({
    'leg.ended': 'ended; goneBecause caller_hung_up: stop CALL_MAX, stop FAREWELL',
    'transfer.refused': 'rejected; transfersRefused 1',
    'operator.hangupRequested': 'closing: hangUpLeg leg-1 capacity_full, start FAREWELL, stop FAREWELL',
    CALL_MAX: 'ended: hangUpLeg leg-1 capacity_full, stop CALL_MAX, stop FAREWELL',
    FAREWELL: 'ended: hangUpLeg leg-1 capacity_full, stop CALL_MAX, stop FAREWELL',
  }),
  ...TRANSFERRING_TABLE,
}
