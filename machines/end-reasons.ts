/** Who is answerable for the way a call ended; `none` means that it ended as calls should. */
export type Fault = 'none' | 'caller' | 'carrier' | 'agent' | 'service'

/**
 * Every way in which a call can end. The list is closed: it is the machine's output, the `outcome` column of
 * `call_log`, a metric label and the table in docs/end-reasons.md, which a test holds against this one.
 */
export const END_REASONS = {
  caller_hung_up: { fault: 'none', meaning: 'The caller put the phone down.' },
  agent_ended: { fault: 'none', meaning: 'The voice agent said goodbye and ended the conversation.' },
  operator_hung_up: { fault: 'none', meaning: 'An operator ended the call from the console or the API.' },
  caller_busy: { fault: 'caller', meaning: 'The carrier reported the other end as busy.' },
  caller_no_answer: { fault: 'caller', meaning: 'The carrier reported that nobody answered.' },
  carrier_failed: { fault: 'carrier', meaning: 'The carrier reported that the call failed.' },
  carrier_lost: {
    fault: 'carrier',
    meaning: 'The carrier stopped asking what to do next; the leg is taken to be gone.',
  },
  agent_unreachable: {
    fault: 'agent',
    meaning: 'The voice agent could not be reached, however often it was tried, or refuses for good.',
  },
  agent_lost: {
    fault: 'agent',
    meaning: 'The voice agent dropped a running conversation and could not be brought back.',
  },
  media_lost: {
    fault: 'carrier',
    meaning: 'The media stream broke and could not be bridged again, or broke too often.',
  },
  capacity_full: {
    fault: 'service',
    meaning: 'As many calls as allowed were live; the caller heard a polite busy message.',
  },
  draining: {
    fault: 'service',
    meaning: 'This node was shutting down; the caller heard a polite busy message.',
  },
  media_server_lost: {
    fault: 'service',
    meaning: 'No FreeSWITCH could carry the SIP leg, or the one that did went away.',
  },
  signalling_lost: {
    fault: 'service',
    meaning: 'The drachtio-server through which the SIP leg was steered went away.',
  },
  leg_holder_lost: {
    fault: 'service',
    meaning: 'The process that held the SIP leg went away; another one wrote the end and told the caller.',
  },
  too_long: { fault: 'none', meaning: 'The call reached the longest time that a call may last.' },
  chart_retired: {
    fault: 'service',
    meaning: 'The call was saved by a statechart that no living process knew; the caller heard an apology.',
  },
  snapshot_corrupt: {
    fault: 'service',
    meaning: 'The saved state of the call could not be read; the caller heard an apology.',
  },
} as const satisfies Record<string, { fault: Fault; meaning: string }>

export type EndReason = keyof typeof END_REASONS

export const faultOf = (reason: EndReason): Fault => END_REASONS[reason].fault
