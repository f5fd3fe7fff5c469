import { type Column, DELAYS, EVENT_COLUMNS, type Row, type RowName } from './call-rows.ts'

/*
 * What every state makes of every event and every timer: the place that the leg comes to, what changes in the context,
 * and what is asked of the world, in order. `start` and `stop` are timers; entering a state anew starts them afresh.
 * Where no voice is named it stays as it was, whichever it was. A column that a row does not name is ignored there: it
 * changes nothing and asks for nothing.
 */

const columns: Column[] = [...EVENT_COLUMNS, ...DELAYS]
const ignored = Object.fromEntries(columns.map((column) => [column, 'ignored'])) as Row

const row = (cells: Partial<Row>): Row => ({ ...ignored, ...cells })

export const CALL_TABLE: Record<RowName, Row> = {
  'greeting while cloning': row({
    'leg.asked':
      'hold; holdRound 1: stop GREETING_OVERDUE, stop LEG_PATIENCE, start ROUND_OVERDUE, start LEG_PATIENCE',
    'leg.asked, leaving':
      'hold; holdRound 1: stop GREETING_OVERDUE, stop LEG_PATIENCE, start ROUND_OVERDUE, start LEG_PATIENCE',
    'leg.ended':
      'ended; endReason caller_hung_up: stop GREETING_OVERDUE, stop LEG_PATIENCE, stop CLONE_MAX_WAIT, stop CALL_MAX',
    'voice.ready':
      'joining; voice settled.cloned; voiceId cloned-voice; attempt 1: stop CLONE_MAX_WAIT, raise voice.settled, stop GREETING_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'voice.failed':
      'joining; voice settled.default; attempt 1: stop CLONE_MAX_WAIT, raise voice.settled, stop GREETING_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'voice.settled':
      'joining; attempt 1: stop GREETING_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop GREETING_OVERDUE, stop LEG_PATIENCE, hangUpLeg operator_hung_up, start FAREWELL',
    CLONE_MAX_WAIT:
      'joining; voice settled.default; attempt 1: stop CLONE_MAX_WAIT, recordCloneTimeout sample-1, raise voice.settled, stop GREETING_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    GREETING_OVERDUE: 'greeting: redirectLeg 0',
    LEG_PATIENCE:
      'ended; endReason carrier_lost: stop GREETING_OVERDUE, stop LEG_PATIENCE, stop CLONE_MAX_WAIT, stop CALL_MAX, hangUpLeg carrier_lost',
    CALL_MAX:
      'ended; endReason too_long: stop GREETING_OVERDUE, stop LEG_PATIENCE, stop CLONE_MAX_WAIT, stop CALL_MAX, hangUpLeg too_long',
  }),
  'hold while cloning': row({
    'leg.asked':
      'hold; holdRound 2: stop ROUND_OVERDUE, stop LEG_PATIENCE, start ROUND_OVERDUE, start LEG_PATIENCE',
    'leg.asked, leaving':
      'hold; holdRound 2: stop ROUND_OVERDUE, stop LEG_PATIENCE, start ROUND_OVERDUE, start LEG_PATIENCE',
    'leg.ended':
      'ended; endReason caller_hung_up: stop ROUND_OVERDUE, stop LEG_PATIENCE, stop CLONE_MAX_WAIT, stop CALL_MAX',
    'voice.ready':
      'joining; voice settled.cloned; voiceId cloned-voice; attempt 1: stop CLONE_MAX_WAIT, raise voice.settled, stop ROUND_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'voice.failed':
      'joining; voice settled.default; attempt 1: stop CLONE_MAX_WAIT, raise voice.settled, stop ROUND_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'voice.settled':
      'joining; attempt 1: stop ROUND_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop ROUND_OVERDUE, stop LEG_PATIENCE, hangUpLeg operator_hung_up, start FAREWELL',
    CLONE_MAX_WAIT:
      'joining; voice settled.default; attempt 1: stop CLONE_MAX_WAIT, recordCloneTimeout sample-1, raise voice.settled, stop ROUND_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    ROUND_OVERDUE: 'hold: redirectLeg 0',
    LEG_PATIENCE:
      'ended; endReason carrier_lost: stop ROUND_OVERDUE, stop LEG_PATIENCE, stop CLONE_MAX_WAIT, stop CALL_MAX, hangUpLeg carrier_lost',
    CALL_MAX:
      'ended; endReason too_long: stop ROUND_OVERDUE, stop LEG_PATIENCE, stop CLONE_MAX_WAIT, stop CALL_MAX, hangUpLeg too_long',
  }),
  'closing while cloning': row({
    'leg.asked': 'ended: stop FAREWELL, stop CLONE_MAX_WAIT, stop CALL_MAX',
    'leg.asked, leaving': 'ended: stop FAREWELL, stop CLONE_MAX_WAIT, stop CALL_MAX',
    'leg.streamEnded': 'ended: stop FAREWELL, stop CLONE_MAX_WAIT, stop CALL_MAX',
    'leg.ended': 'ended: stop FAREWELL, stop CLONE_MAX_WAIT, stop CALL_MAX',
    'voice.ready':
      'closing; voice settled.cloned; voiceId cloned-voice: stop CLONE_MAX_WAIT, raise voice.settled',
    'voice.failed': 'closing; voice settled.default: stop CLONE_MAX_WAIT, raise voice.settled',
    'operator.hangupRequested': 'closing: stop FAREWELL, hangUpLeg operator_hung_up, start FAREWELL',
    CLONE_MAX_WAIT:
      'closing; voice settled.default: stop CLONE_MAX_WAIT, recordCloneTimeout sample-1, raise voice.settled',
    FAREWELL: 'ended: stop FAREWELL, stop CLONE_MAX_WAIT, stop CALL_MAX, hangUpLeg operator_hung_up',
    CALL_MAX: 'ended: stop FAREWELL, stop CLONE_MAX_WAIT, stop CALL_MAX, hangUpLeg operator_hung_up',
  }),
  greeting: row({
    'leg.asked':
      'joining; attempt 1: stop GREETING_OVERDUE, stop LEG_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.asked, leaving':
      'joining; attempt 1: stop GREETING_OVERDUE, stop LEG_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop GREETING_OVERDUE, stop LEG_PATIENCE, stop CALL_MAX',
    'voice.settled':
      'joining; attempt 1: stop GREETING_OVERDUE, stop LEG_PATIENCE, redirectLeg 1, start JOIN_OVERDUE, start LEG_PATIENCE',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop GREETING_OVERDUE, stop LEG_PATIENCE, hangUpLeg operator_hung_up, start FAREWELL',
    GREETING_OVERDUE: 'greeting: redirectLeg 0',
    LEG_PATIENCE:
      'ended; endReason carrier_lost: stop GREETING_OVERDUE, stop LEG_PATIENCE, stop CALL_MAX, hangUpLeg carrier_lost',
    CALL_MAX:
      'ended; endReason too_long: stop GREETING_OVERDUE, stop LEG_PATIENCE, stop CALL_MAX, hangUpLeg too_long',
  }),
  joining: row({
    'leg.streamEnded':
      'joining; attempt 2: stop JOIN_OVERDUE, stop LEG_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop JOIN_OVERDUE, stop LEG_PATIENCE, stop CALL_MAX',
    'media.joined':
      'bridged.connecting; agentConnection 1: stop JOIN_OVERDUE, stop LEG_PATIENCE, start AGENT_CONNECT',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop JOIN_OVERDUE, stop LEG_PATIENCE, hangUpLeg operator_hung_up, start FAREWELL',
    LEG_PATIENCE:
      'ended; endReason carrier_lost: stop JOIN_OVERDUE, stop LEG_PATIENCE, stop CALL_MAX, hangUpLeg carrier_lost',
    JOIN_OVERDUE: 'joining: redirectLeg 1',
    CALL_MAX:
      'ended; endReason too_long: stop JOIN_OVERDUE, stop LEG_PATIENCE, stop CALL_MAX, hangUpLeg too_long',
  }),
  'bridged.connecting': row({
    'leg.asked, leaving': 'joining; attempt 2: stop AGENT_CONNECT, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.streamEnded': 'joining; attempt 2: stop AGENT_CONNECT, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop AGENT_CONNECT, stop CALL_MAX',
    'media.lost, announced': 'departing: stop AGENT_CONNECT, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'media.lost, broken': 'rejoining: stop AGENT_CONNECT, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'relay.unresponsive': 'bridged.connecting; unresponsiveBridge 1: redirectLeg 1',
    'agent.ready':
      'bridged.talking; conversationId talk-1: stop AGENT_CONNECT, start AGENT_STEADY, start TALK_CHECK',
    'agent.lost':
      'bridged.backingOff; agentReconnects 1: stop AGENT_CONNECT, start AGENT_RECOVERY, start AGENT_PAUSE',
    'agent.ended': 'closing; endReason agent_ended: stop AGENT_CONNECT, start FAREWELL',
    'agent.overrideRefused': 'bridged.connecting; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop AGENT_CONNECT, hangUpLeg operator_hung_up, start FAREWELL',
    AGENT_CONNECT:
      'bridged.backingOff; agentReconnects 1: stop AGENT_CONNECT, start AGENT_RECOVERY, start AGENT_PAUSE',
    CALL_MAX: 'ended; endReason too_long: stop AGENT_CONNECT, stop CALL_MAX, hangUpLeg too_long',
  }),
  'bridged.talking': row({
    'leg.asked, leaving':
      'joining; attempt 2: stop AGENT_STEADY, stop TALK_CHECK, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.streamEnded':
      'joining; attempt 2: stop AGENT_STEADY, stop TALK_CHECK, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop AGENT_STEADY, stop TALK_CHECK, stop CALL_MAX',
    'media.lost, announced':
      'departing: stop AGENT_STEADY, stop TALK_CHECK, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'media.lost, broken':
      'rejoining: stop AGENT_STEADY, stop TALK_CHECK, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'relay.unresponsive': 'bridged.talking; unresponsiveBridge 1: redirectLeg 1',
    'agent.lost':
      'bridged.backingOff; agentReconnects 1: stop AGENT_STEADY, stop TALK_CHECK, start AGENT_RECOVERY, start AGENT_PAUSE',
    'agent.ended': 'closing; endReason agent_ended: stop AGENT_STEADY, stop TALK_CHECK, start FAREWELL',
    'agent.overrideRefused': 'bridged.talking; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop AGENT_STEADY, stop TALK_CHECK, hangUpLeg operator_hung_up, start FAREWELL',
    AGENT_STEADY: 'bridged.talking',
    TALK_CHECK:
      'bridged.talking: stop AGENT_STEADY, stop TALK_CHECK, checkLeg 1, start AGENT_STEADY, start TALK_CHECK',
    CALL_MAX:
      'ended; endReason too_long: stop AGENT_STEADY, stop TALK_CHECK, stop CALL_MAX, hangUpLeg too_long',
  }),
  'bridged.backingOff': row({
    'leg.asked, leaving':
      'joining; attempt 2: stop AGENT_PAUSE, stop AGENT_RECOVERY, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.streamEnded':
      'joining; attempt 2: stop AGENT_PAUSE, stop AGENT_RECOVERY, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop AGENT_PAUSE, stop AGENT_RECOVERY, stop CALL_MAX',
    'media.lost, announced':
      'departing: stop AGENT_PAUSE, stop AGENT_RECOVERY, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'media.lost, broken':
      'rejoining: stop AGENT_PAUSE, stop AGENT_RECOVERY, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'relay.unresponsive': 'bridged.backingOff; unresponsiveBridge 1: redirectLeg 1',
    'agent.ended': 'closing; endReason agent_ended: stop AGENT_PAUSE, stop AGENT_RECOVERY, start FAREWELL',
    'agent.overrideRefused': 'bridged.backingOff; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop AGENT_PAUSE, stop AGENT_RECOVERY, hangUpLeg operator_hung_up, start FAREWELL',
    AGENT_PAUSE: 'bridged.reconnecting; agentConnection 2: stop AGENT_PAUSE, start AGENT_CONNECT',
    AGENT_RECOVERY:
      'failed; endReason agent_unreachable: stop AGENT_PAUSE, stop AGENT_RECOVERY, start FAREWELL',
    CALL_MAX:
      'ended; endReason too_long: stop AGENT_PAUSE, stop AGENT_RECOVERY, stop CALL_MAX, hangUpLeg too_long',
  }),
  'bridged.reconnecting': row({
    'leg.asked, leaving':
      'joining; attempt 2: stop AGENT_CONNECT, stop AGENT_RECOVERY, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.streamEnded':
      'joining; attempt 2: stop AGENT_CONNECT, stop AGENT_RECOVERY, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop AGENT_CONNECT, stop AGENT_RECOVERY, stop CALL_MAX',
    'media.lost, announced':
      'departing: stop AGENT_CONNECT, stop AGENT_RECOVERY, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'media.lost, broken':
      'rejoining: stop AGENT_CONNECT, stop AGENT_RECOVERY, start REJOIN_OVERDUE, start REJOIN_PATIENCE',
    'relay.unresponsive': 'bridged.reconnecting; unresponsiveBridge 1: redirectLeg 1',
    'agent.ready':
      'bridged.talking; conversationId talk-1: stop AGENT_CONNECT, stop AGENT_RECOVERY, start AGENT_STEADY, start TALK_CHECK',
    'agent.lost': 'bridged.backingOff; agentPauses 1: stop AGENT_CONNECT, start AGENT_PAUSE',
    'agent.ended': 'closing; endReason agent_ended: stop AGENT_CONNECT, stop AGENT_RECOVERY, start FAREWELL',
    'agent.overrideRefused': 'bridged.reconnecting; refusedOverrides language',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop AGENT_CONNECT, stop AGENT_RECOVERY, hangUpLeg operator_hung_up, start FAREWELL',
    AGENT_CONNECT: 'bridged.backingOff; agentPauses 1: stop AGENT_CONNECT, start AGENT_PAUSE',
    AGENT_RECOVERY:
      'failed; endReason agent_unreachable: stop AGENT_CONNECT, stop AGENT_RECOVERY, start FAREWELL',
    CALL_MAX:
      'ended; endReason too_long: stop AGENT_CONNECT, stop AGENT_RECOVERY, stop CALL_MAX, hangUpLeg too_long',
  }),
  departing: row({
    'leg.asked':
      'joining; attempt 2: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.asked, leaving':
      'joining; attempt 2: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.streamEnded':
      'joining; attempt 2: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop CALL_MAX',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, hangUpLeg operator_hung_up, start FAREWELL',
    REJOIN_OVERDUE: 'departing: redirectLeg 1',
    REJOIN_PATIENCE:
      'ended; endReason caller_hung_up: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop CALL_MAX, hangUpLeg caller_hung_up',
    CALL_MAX:
      'ended; endReason too_long: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop CALL_MAX, hangUpLeg too_long',
  }),
  rejoining: row({
    'leg.asked':
      'joining; attempt 2: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.asked, leaving':
      'joining; attempt 2: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.streamEnded':
      'joining; attempt 2: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, start JOIN_OVERDUE, start LEG_PATIENCE',
    'leg.ended': 'ended; endReason caller_hung_up: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop CALL_MAX',
    'operator.hangupRequested':
      'closing; endReason operator_hung_up: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, hangUpLeg operator_hung_up, start FAREWELL',
    REJOIN_OVERDUE: 'rejoining: redirectLeg 1',
    REJOIN_PATIENCE:
      'ended; endReason media_lost: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop CALL_MAX, hangUpLeg media_lost',
    CALL_MAX:
      'ended; endReason too_long: stop REJOIN_OVERDUE, stop REJOIN_PATIENCE, stop CALL_MAX, hangUpLeg too_long',
  }),
  failed: row({
    'leg.ended': 'ended: stop FAREWELL, stop CALL_MAX',
    'operator.hangupRequested': 'closing: stop FAREWELL, hangUpLeg agent_unreachable, start FAREWELL',
    FAREWELL: 'ended: stop FAREWELL, stop CALL_MAX, hangUpLeg agent_unreachable',
    CALL_MAX: 'ended: stop FAREWELL, stop CALL_MAX, hangUpLeg agent_unreachable',
  }),
  rejected: row({
    'leg.ended': 'ended: stop FAREWELL, stop CALL_MAX',
    'operator.hangupRequested': 'closing: stop FAREWELL, hangUpLeg draining, start FAREWELL',
    FAREWELL: 'ended: stop FAREWELL, stop CALL_MAX, hangUpLeg draining',
    CALL_MAX: 'ended: stop FAREWELL, stop CALL_MAX, hangUpLeg draining',
  }),
  closing: row({
    'leg.asked': 'ended: stop FAREWELL, stop CALL_MAX',
    'leg.asked, leaving': 'ended: stop FAREWELL, stop CALL_MAX',
    'leg.streamEnded': 'ended: stop FAREWELL, stop CALL_MAX',
    'leg.ended': 'ended: stop FAREWELL, stop CALL_MAX',
    'operator.hangupRequested': 'closing: stop FAREWELL, hangUpLeg agent_ended, start FAREWELL',
    FAREWELL: 'ended: stop FAREWELL, stop CALL_MAX, hangUpLeg agent_ended',
    CALL_MAX: 'ended: stop FAREWELL, stop CALL_MAX, hangUpLeg agent_ended',
  }),
  ended: row({}),
}
