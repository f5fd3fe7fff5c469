import { type Row, row } from './call-rows.ts'

/*
 * The rows of the call's table while somebody is being called who shall have the call; see call-table.ts. Written by
 * `npm run model -- ledger --write`, and read by whoever changes the chart.
 */

export const TRANSFERRING_TABLE: Record<string, Row> = {
  'greeting while transferring': row({
    'leg.instructionsRequested':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, start LEG_PATIENCE, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop LEG_PATIENCE',
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, start LEG_PATIENCE, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop LEG_PATIENCE',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    'transfer.refused': 'greeting; transfersRefused 1',
    'transfer.completed': 'greeting; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'greeting; transferOutcome busy: stop TRANSFER_RINGING',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    GREETING_OVERDUE: 'greeting: redirectLeg leg-1 0',
    LEG_PATIENCE:
      'ended; transferOutcome abandoned; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    TRANSFER_RINGING: 'greeting; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'joining while transferring': row({
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop JOIN_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    'media.joined':
      'bridged.connecting; agentBridge 1; agentConnection 1: start AGENT_CONNECT, stop JOIN_OVERDUE, stop LEG_PATIENCE',
    'transfer.refused': 'joining; transfersRefused 1',
    'transfer.completed': 'joining; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'joining; transferOutcome busy: stop TRANSFER_RINGING',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop JOIN_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop JOIN_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    LEG_PATIENCE:
      'ended; transferOutcome abandoned; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop JOIN_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    JOIN_OVERDUE: 'joining: redirectLeg leg-1 1',
    TRANSFER_RINGING: 'joining; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'bridged.connecting while transferring': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT',
    'leg.streamEnded': 'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_CONNECT, stop CALL_MAX, stop TRANSFER_RINGING',
    'media.lost, announced': 'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT',
    'media.lost, broken': 'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT',
    'relay.unresponsive': 'bridged.connecting; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.refused': 'bridged.connecting; transfersRefused 1',
    'transfer.completed': 'bridged.connecting; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'bridged.connecting; transferOutcome busy: stop TRANSFER_RINGING',
    'agent.ready':
      'bridged.talking; conversationId talk-1: start AGENT_STEADY, start TALK_CHECK, stop AGENT_CONNECT',
    'agent.lost':
      'bridged.backingOff; agentReconnects 1: start AGENT_PAUSE, start AGENT_RECOVERY, stop AGENT_CONNECT',
    'agent.ended':
      'closing; transferOutcome abandoned; endReason agent_ended: start FAREWELL, stop AGENT_CONNECT, stop TRANSFER_RINGING',
    'agent.overrideRefused': 'bridged.connecting; refusedOverrides language',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_CONNECT, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_CONNECT, stop CALL_MAX, stop TRANSFER_RINGING',
    AGENT_CONNECT:
      'bridged.backingOff; agentReconnects 1: start AGENT_PAUSE, start AGENT_RECOVERY, stop AGENT_CONNECT',
    TRANSFER_RINGING: 'bridged.connecting; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'departing while transferring': row({
    'leg.instructionsRequested':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    'transfer.refused': 'departing; transfersRefused 1',
    'transfer.completed': 'departing; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'departing; transferOutcome busy: stop TRANSFER_RINGING',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    REJOIN_OVERDUE: 'departing: redirectLeg leg-1 1',
    REJOIN_PATIENCE:
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: hangUpLeg leg-1 caller_hung_up, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    TRANSFER_RINGING: 'departing; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'rejoining while transferring': row({
    'leg.instructionsRequested':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    'transfer.refused': 'rejoining; transfersRefused 1',
    'transfer.completed': 'rejoining; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'rejoining; transferOutcome busy: stop TRANSFER_RINGING',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    REJOIN_OVERDUE: 'rejoining: redirectLeg leg-1 1',
    REJOIN_PATIENCE:
      'ended; transferOutcome abandoned; goneBecause media_lost; endReason media_lost: hangUpLeg leg-1 media_lost, stop CALL_MAX, stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop TRANSFER_RINGING',
    TRANSFER_RINGING: 'rejoining; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'bridged.talking while transferring': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'leg.streamEnded': 'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_STEADY, stop CALL_MAX, stop TALK_CHECK, stop TRANSFER_RINGING',
    'media.lost, announced':
      'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'media.lost, broken':
      'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_STEADY, stop TALK_CHECK',
    'relay.unresponsive': 'bridged.talking; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.refused': 'bridged.talking; transfersRefused 1',
    'transfer.completed': 'bridged.talking; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'bridged.talking; transferOutcome busy: stop TRANSFER_RINGING',
    'agent.lost':
      'bridged.backingOff; agentReconnects 1: start AGENT_PAUSE, start AGENT_RECOVERY, stop AGENT_STEADY, stop TALK_CHECK',
    'agent.ended':
      'closing; transferOutcome abandoned; endReason agent_ended: start FAREWELL, stop AGENT_STEADY, stop TALK_CHECK, stop TRANSFER_RINGING',
    'agent.overrideRefused': 'bridged.talking; refusedOverrides language',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_STEADY, stop TALK_CHECK, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_STEADY, stop CALL_MAX, stop TALK_CHECK, stop TRANSFER_RINGING',
    AGENT_STEADY: 'bridged.talking',
    TALK_CHECK:
      'bridged.talking: checkLeg leg-1 1, start AGENT_STEADY, start TALK_CHECK, stop AGENT_STEADY, stop TALK_CHECK',
    TRANSFER_RINGING: 'bridged.talking; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'bridged.backingOff while transferring': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_PAUSE, stop AGENT_RECOVERY, stop CALL_MAX, stop TRANSFER_RINGING',
    'media.lost, announced':
      'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'media.lost, broken':
      'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_PAUSE, stop AGENT_RECOVERY',
    'relay.unresponsive': 'bridged.backingOff; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.refused': 'bridged.backingOff; transfersRefused 1',
    'transfer.completed': 'bridged.backingOff; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'bridged.backingOff; transferOutcome busy: stop TRANSFER_RINGING',
    'agent.ended':
      'closing; transferOutcome abandoned; endReason agent_ended: start FAREWELL, stop AGENT_PAUSE, stop AGENT_RECOVERY, stop TRANSFER_RINGING',
    'agent.overrideRefused': 'bridged.backingOff; refusedOverrides language',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_PAUSE, stop AGENT_RECOVERY, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_PAUSE, stop AGENT_RECOVERY, stop CALL_MAX, stop TRANSFER_RINGING',
    AGENT_RECOVERY:
      'failed; transferOutcome abandoned; endReason agent_unreachable: start FAREWELL, stop AGENT_PAUSE, stop AGENT_RECOVERY, stop TRANSFER_RINGING',
    AGENT_PAUSE: 'bridged.reconnecting; agentConnection 2: start AGENT_CONNECT, stop AGENT_PAUSE',
    TRANSFER_RINGING: 'bridged.backingOff; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'bridged.reconnecting while transferring': row({
    'leg.instructionsRequested, leaving':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'leg.streamEnded':
      'joining: start JOIN_OVERDUE, start LEG_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop AGENT_CONNECT, stop AGENT_RECOVERY, stop CALL_MAX, stop TRANSFER_RINGING',
    'media.lost, announced':
      'departing: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'media.lost, broken':
      'rejoining: start REJOIN_OVERDUE, start REJOIN_PATIENCE, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'relay.unresponsive': 'bridged.reconnecting; unresponsiveBridge 1: redirectLeg leg-1 1',
    'transfer.refused': 'bridged.reconnecting; transfersRefused 1',
    'transfer.completed': 'bridged.reconnecting; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'bridged.reconnecting; transferOutcome busy: stop TRANSFER_RINGING',
    'agent.ready':
      'bridged.talking; conversationId talk-1: start AGENT_STEADY, start TALK_CHECK, stop AGENT_CONNECT, stop AGENT_RECOVERY',
    'agent.lost': 'bridged.backingOff; agentPauses 1: start AGENT_PAUSE, stop AGENT_CONNECT',
    'agent.ended':
      'closing; transferOutcome abandoned; endReason agent_ended: start FAREWELL, stop AGENT_CONNECT, stop AGENT_RECOVERY, stop TRANSFER_RINGING',
    'agent.overrideRefused': 'bridged.reconnecting; refusedOverrides language',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop AGENT_CONNECT, stop AGENT_RECOVERY, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop AGENT_CONNECT, stop AGENT_RECOVERY, stop CALL_MAX, stop TRANSFER_RINGING',
    AGENT_CONNECT: 'bridged.backingOff; agentPauses 1: start AGENT_PAUSE, stop AGENT_CONNECT',
    AGENT_RECOVERY:
      'failed; transferOutcome abandoned; endReason agent_unreachable: start FAREWELL, stop AGENT_CONNECT, stop AGENT_RECOVERY, stop TRANSFER_RINGING',
    TRANSFER_RINGING: 'bridged.reconnecting; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'greeting while cloning and transferring': row({
    'leg.instructionsRequested':
      'hold; holdRound 1: start LEG_PATIENCE, start ROUND_OVERDUE, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'leg.instructionsRequested, leaving':
      'hold; holdRound 1: start LEG_PATIENCE, start ROUND_OVERDUE, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    'transfer.refused': 'greeting; transfersRefused 1',
    'transfer.completed': 'greeting; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'greeting; transferOutcome busy: stop TRANSFER_RINGING',
    'voice.ready':
      'joining; voice cloned; voiceId cloned-voice: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'voice.failed':
      'joining; voice default: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    GREETING_OVERDUE: 'greeting: redirectLeg leg-1 0',
    LEG_PATIENCE:
      'ended; transferOutcome abandoned; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE, stop TRANSFER_RINGING',
    CLONE_MAX_WAIT:
      'joining; voice default: recordCloneTimeout sample-1, redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop GREETING_OVERDUE, stop LEG_PATIENCE',
    TRANSFER_RINGING: 'greeting; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
  'hold while cloning and transferring': row({
    'leg.instructionsRequested':
      'hold; holdRound 2: start LEG_PATIENCE, start ROUND_OVERDUE, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'leg.instructionsRequested, leaving':
      'hold; holdRound 2: start LEG_PATIENCE, start ROUND_OVERDUE, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'leg.ended':
      'ended; transferOutcome abandoned; goneBecause caller_hung_up; endReason caller_hung_up: stop CALL_MAX, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE, stop TRANSFER_RINGING',
    'transfer.refused': 'hold; transfersRefused 1',
    'transfer.completed': 'hold; transferOutcome completed: stop TRANSFER_RINGING',
    'transfer.failed': 'hold; transferOutcome busy: stop TRANSFER_RINGING',
    'voice.ready':
      'joining; voice cloned; voiceId cloned-voice: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'voice.failed':
      'joining; voice default: redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    'operator.hangupRequested':
      'closing; transferOutcome abandoned; endReason operator_hung_up: hangUpLeg leg-1 operator_hung_up, start FAREWELL, stop LEG_PATIENCE, stop ROUND_OVERDUE, stop TRANSFER_RINGING',
    CALL_MAX:
      'ended; transferOutcome abandoned; endReason too_long: hangUpLeg leg-1 too_long, stop CALL_MAX, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE, stop TRANSFER_RINGING',
    ROUND_OVERDUE: 'hold: redirectLeg leg-1 0',
    LEG_PATIENCE:
      'ended; transferOutcome abandoned; goneBecause carrier_lost; endReason carrier_lost: hangUpLeg leg-1 carrier_lost, stop CALL_MAX, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE, stop TRANSFER_RINGING',
    CLONE_MAX_WAIT:
      'joining; voice default: recordCloneTimeout sample-1, redirectLeg leg-1 1, start JOIN_OVERDUE, start LEG_PATIENCE, stop CLONE_MAX_WAIT, stop LEG_PATIENCE, stop ROUND_OVERDUE',
    TRANSFER_RINGING: 'hold; transferOutcome no_answer: stop TRANSFER_RINGING',
  }),
}
