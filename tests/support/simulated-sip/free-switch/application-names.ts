/** Applications that do nothing that could be heard or seen here. */
const WITHOUT_EFFECT = new Set([
  'answer',
  'pre_answer',
  'log',
  'info',
  'park',
  'set_mute',
  'sched_hangup',
  'send_dtmf',
  'start_dtmf',
  'stop_dtmf',
  'spandsp_start_dtmf',
  'spandsp_stop_dtmf',
  'avmd_start',
  'avmd_stop',
  'record_session',
  'stop_record_session',
])

const KNOWN = new Set(['playback', 'sleep', 'set', 'export', 'multiset', 'unset', 'hangup'])

/** One that is not known ends the call. */
export function isApplication(name: string): boolean {
  return KNOWN.has(name) || WITHOUT_EFFECT.has(name)
}
