import type { Address } from '../../machines/call/messages.ts'
import type { MachineTable } from './machine-table.ts'

/*
 * What each machine of a call makes of what is said to it; see machine-table.ts. What a row leaves out changes nothing there. Written by
 * `npm run model -- ledger --write`, and read by whoever changes the chart.
 */

export const MACHINE_TABLES: Record<Address, MachineTable> = {
  call: {
    bridged: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp operator_hung_up, tell leg call.letGo, tell conversation call.pause',
      'leg.streamsNoMore': 'bridging: tell conversation call.pause',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      'conversation.isOver, ended': 'closing: tell leg call.letGo, tell conversation call.pause',
      'conversation.isOver, lost': 'failed: tell leg call.letGo',
      CALL_MAX: 'ended: tell leg call.hangUp too_long, tell conversation call.isOver, tell voice call.isOver',
    },
    bridging: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp operator_hung_up, tell leg call.letGo, tell conversation call.pause',
      'leg.streams': 'bridged: tell conversation call.converse 1',
      'leg.isUnbridgeable': 'failed: tell leg call.letGo',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      CALL_MAX: 'ended: tell leg call.hangUp too_long, tell conversation call.isOver, tell voice call.isOver',
    },
    closing: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp operator_hung_up, tell leg call.letGo, tell conversation call.pause',
      'leg.asks': 'ended: tell conversation call.isOver, tell voice call.isOver',
      'leg.hasLeftStream': 'ended: tell conversation call.isOver, tell voice call.isOver',
      'leg.hearsNothing': 'closing: tell leg call.hangUp operator_hung_up',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      FAREWELL:
        'ended: tell leg call.hangUp operator_hung_up, tell conversation call.isOver, tell voice call.isOver',
      CALL_MAX:
        'ended: tell leg call.hangUp operator_hung_up, tell conversation call.isOver, tell voice call.isOver',
    },
    ended: {},
    failed: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp media_lost, tell leg call.letGo, tell conversation call.pause',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      FAREWELL:
        'ended: tell leg call.hangUp media_lost, tell conversation call.isOver, tell voice call.isOver',
      CALL_MAX:
        'ended: tell leg call.hangUp media_lost, tell conversation call.isOver, tell voice call.isOver',
    },
    greeting: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp operator_hung_up, tell leg call.letGo, tell conversation call.pause',
      'leg.asks': 'polling: tell voice call.asksForVoice',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      'voice.isSettled': 'bridging: tell leg call.bridge, tell leg call.redirect',
      GREETING_OVERDUE: 'greeting: tell leg call.redirect',
      CALL_MAX: 'ended: tell leg call.hangUp too_long, tell conversation call.isOver, tell voice call.isOver',
    },
    hold: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp operator_hung_up, tell leg call.letGo, tell conversation call.pause',
      'leg.asks': 'polling: tell voice call.asksForVoice',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      'voice.isSettled': 'bridging: tell leg call.bridge, tell leg call.redirect',
      ROUND_OVERDUE: 'hold: tell leg call.redirect',
      CALL_MAX: 'ended: tell leg call.hangUp too_long, tell conversation call.isOver, tell voice call.isOver',
    },
    polling: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp operator_hung_up, tell leg call.letGo, tell conversation call.pause',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      'voice.isSettled': 'bridging: tell leg call.bridge',
      'voice.isPending': 'hold',
      CALL_MAX: 'ended: tell leg call.hangUp too_long, tell conversation call.isOver, tell voice call.isOver',
    },
    rejected: {
      'operator.hangupRequested':
        'closing: tell leg call.hangUp capacity_full, tell leg call.letGo, tell conversation call.pause',
      'leg.isGone': 'ended: tell conversation call.isOver, tell voice call.isOver',
      FAREWELL:
        'ended: tell leg call.hangUp capacity_full, tell conversation call.isOver, tell voice call.isOver',
      CALL_MAX:
        'ended: tell leg call.hangUp capacity_full, tell conversation call.isOver, tell voice call.isOver',
    },
  },
  leg: {
    answered: {
      'leg.instructionsRequested': 'answered: tell call leg.asks',
      'leg.instructionsRequested, leaving': 'answered: tell call leg.asks',
      'leg.ended': 'gone: tell call leg.isGone caller_hung_up, tell transfer leg.closes',
      'call.bridge': 'opening',
      'call.redirect': 'answered: redirectLeg leg-1 0',
      'conversation.checkLeg': 'answered: checkLeg leg-1 0',
      'call.letGo': 'closing: tell transfer leg.closes',
      'call.hangUp': 'closing: hangUpLeg leg-1 too_long, tell transfer leg.closes',
      LEG_PATIENCE:
        'gone: hangUpLeg leg-1 carrier_lost, tell call leg.isGone carrier_lost, tell transfer leg.closes',
    },
    awaitingHangup: {
      'leg.instructionsRequested': 'opening',
      'leg.instructionsRequested, leaving': 'opening',
      'leg.streamEnded': 'opening',
      'leg.ended': 'gone: tell call leg.isGone caller_hung_up, tell transfer leg.closes',
      'call.redirect': 'awaitingHangup: redirectLeg leg-1 1',
      'conversation.checkLeg': 'awaitingHangup: checkLeg leg-1 1',
      'call.letGo': 'closing: tell transfer leg.closes',
      'call.hangUp': 'closing: hangUpLeg leg-1 too_long, tell transfer leg.closes',
      REJOIN_OVERDUE: 'awaitingHangup: redirectLeg leg-1 1',
      REJOIN_PATIENCE:
        'gone: hangUpLeg leg-1 caller_hung_up, tell call leg.isGone caller_hung_up, tell transfer leg.closes',
    },
    awaitingRestream: {
      'leg.instructionsRequested': 'opening',
      'leg.instructionsRequested, leaving': 'opening',
      'leg.streamEnded': 'opening',
      'leg.ended': 'gone: tell call leg.isGone caller_hung_up, tell transfer leg.closes',
      'call.redirect': 'awaitingRestream: redirectLeg leg-1 1',
      'conversation.checkLeg': 'awaitingRestream: checkLeg leg-1 1',
      'call.letGo': 'closing: tell transfer leg.closes',
      'call.hangUp': 'closing: hangUpLeg leg-1 too_long, tell transfer leg.closes',
      REJOIN_OVERDUE: 'awaitingRestream: redirectLeg leg-1 1',
      REJOIN_PATIENCE:
        'gone: hangUpLeg leg-1 media_lost, tell call leg.isGone media_lost, tell transfer leg.closes',
    },
    closing: {
      'leg.instructionsRequested': 'closing: tell call leg.asks',
      'leg.instructionsRequested, leaving': 'closing: tell call leg.asks',
      'leg.streamEnded': 'closing: tell call leg.hasLeftStream',
      'leg.ended': 'gone: tell call leg.isGone caller_hung_up, tell transfer leg.closes',
      'relay.unresponsive': 'closing: tell call leg.hearsNothing',
      'call.redirect': 'closing: redirectLeg leg-1 0',
      'conversation.checkLeg': 'closing: checkLeg leg-1 0',
      'call.letGo': 'closing: tell transfer leg.closes',
      'call.hangUp': 'closing: hangUpLeg leg-1 too_long, tell transfer leg.closes',
    },
    gone: {},
    opening: {
      'leg.streamEnded': 'opening',
      'leg.ended': 'gone: tell call leg.isGone caller_hung_up, tell transfer leg.closes',
      'media.joined': 'streaming: tell call leg.streams 1',
      'call.redirect': 'opening: redirectLeg leg-1 1',
      'conversation.checkLeg': 'opening: checkLeg leg-1 1',
      'call.letGo': 'closing: tell transfer leg.closes',
      'call.hangUp': 'closing: hangUpLeg leg-1 too_long, tell transfer leg.closes',
      JOIN_OVERDUE: 'opening: redirectLeg leg-1 1',
      LEG_PATIENCE:
        'gone: hangUpLeg leg-1 carrier_lost, tell call leg.isGone carrier_lost, tell transfer leg.closes',
    },
    streaming: {
      'leg.instructionsRequested, leaving': 'opening: tell call leg.streamsNoMore',
      'leg.streamEnded': 'opening: tell call leg.streamsNoMore',
      'leg.ended':
        'gone: tell call leg.streamsNoMore, tell call leg.isGone caller_hung_up, tell transfer leg.closes',
      'media.lost, announced': 'awaitingHangup: tell call leg.streamsNoMore',
      'media.lost, broken': 'awaitingRestream: tell call leg.streamsNoMore',
      'relay.unresponsive': 'streaming: redirectLeg leg-1 1',
      'call.redirect': 'streaming: redirectLeg leg-1 1',
      'conversation.checkLeg': 'streaming: checkLeg leg-1 1',
      'call.letGo': 'closing: tell call leg.streamsNoMore, tell transfer leg.closes',
      'call.hangUp':
        'closing: tell call leg.streamsNoMore, hangUpLeg leg-1 too_long, tell transfer leg.closes',
    },
  },
  conversation: {
    idle: { 'call.converse': 'live.connecting', 'call.isOver': 'over' },
    'live.connecting': {
      'call.pause': 'idle',
      'call.isOver': 'over',
      'agent.ready': 'live.talking',
      'agent.lost': 'live.recovering.backingOff',
      'agent.lost, for good': 'over: tell call conversation.isOver agent_unreachable',
      'agent.ended': 'over: tell call conversation.isOver agent_ended',
      'agent.overrideRefused, voice': 'live.connecting: tell voice conversation.refusesVoice null false',
      'agent.overrideRefused, other': 'live.connecting',
      AGENT_CONNECT: 'live.recovering.backingOff',
    },
    'live.recovering.backingOff': {
      'call.pause': 'idle',
      'call.isOver': 'over',
      'agent.ended': 'over: tell call conversation.isOver agent_ended',
      'agent.overrideRefused, voice':
        'live.recovering.backingOff: tell voice conversation.refusesVoice null false',
      'agent.overrideRefused, other': 'live.recovering.backingOff',
      AGENT_PAUSE: 'live.recovering.reconnecting',
      AGENT_RECOVERY: 'over: tell call conversation.isOver agent_unreachable',
    },
    'live.recovering.reconnecting': {
      'call.pause': 'idle',
      'call.isOver': 'over',
      'agent.ready': 'live.talking',
      'agent.lost': 'live.recovering.backingOff',
      'agent.lost, for good': 'live.recovering.backingOff',
      'agent.ended': 'over: tell call conversation.isOver agent_ended',
      'agent.overrideRefused, voice':
        'live.recovering.reconnecting: tell voice conversation.refusesVoice null false',
      'agent.overrideRefused, other': 'live.recovering.reconnecting',
      AGENT_CONNECT: 'live.recovering.backingOff',
      AGENT_RECOVERY: 'over: tell call conversation.isOver agent_unreachable',
    },
    'live.talking': {
      'call.pause': 'idle',
      'call.isOver': 'over',
      'agent.lost': 'live.recovering.backingOff',
      'agent.lost, for good': 'over: tell call conversation.isOver agent_lost',
      'agent.ended': 'over: tell call conversation.isOver agent_ended',
      'agent.overrideRefused, voice': 'live.talking: tell voice conversation.refusesVoice null false',
      'agent.overrideRefused, other': 'live.talking',
      AGENT_STEADY: 'live.talking',
      TALK_CHECK: 'live.talking: tell leg conversation.checkLeg',
    },
    over: {},
  },
  voice: {
    cloning: {
      'voice.ready': 'settled.cloned: tell call voice.isSettled',
      'voice.failed': 'settled.default: tell call voice.isSettled',
      'call.asksForVoice': 'cloning: tell call voice.isPending',
      'call.isOver': 'settled.default',
      CLONE_MAX_WAIT: 'settled.default: recordCloneTimeout sample-1, tell call voice.isSettled',
    },
    'settled.cached': {
      'call.asksForVoice': 'settled.cached: tell call voice.isSettled',
      'conversation.refusesVoice': 'settled.default',
      'conversation.refusesVoice, gone': 'settled.default: forgetVoice sample-1 cached-voice',
    },
    'settled.cloned': {
      'call.asksForVoice': 'settled.cloned: tell call voice.isSettled',
      'conversation.refusesVoice': 'settled.default',
      'conversation.refusesVoice, gone': 'settled.default: forgetVoice sample-1 cloned-voice',
    },
    'settled.default': {
      'call.asksForVoice': 'settled.default: tell call voice.isSettled',
      'conversation.refusesVoice': 'settled.default',
      'conversation.refusesVoice, gone': 'settled.default',
    },
  },
  transfer: {
    calling: {
      'transfer.refused': 'calling',
      'transfer.completed': 'idle',
      'transfer.failed': 'idle',
      'leg.closes': 'over',
      TRANSFER_RINGING: 'idle',
    },
    idle: { 'transfer.requested': 'calling', 'transfer.refused': 'idle', 'leg.closes': 'over' },
    over: { 'transfer.refused': 'over' },
  },
}
