import type { CallEffect } from '../../machines/call-events.ts'
import type { Job } from './store.ts'

/** What the worker is given for each effect of a call; `step` numbers the effect within it. */
export type EffectPayloads = {
  'clone-voice': { sampleKey: string }
  'record-clone-timeout': { callId: string; sampleKey: string }
  'move-leg': { callId: string; attempt: number }
  'hang-up-leg': { callId: string }
}

/** A leg that cannot be moved asks by itself soon: to try again much later would help nobody. */
const MOVE_ATTEMPTS = 2
const ATTEMPTS = 8

/** Every caller who waits for the same samples shares one job; one at a time runs for them, in whatever process. */
export function effectJob(effect: CallEffect, callId: string, step: string): Job {
  const key = `${callId}.${step}`
  switch (effect.type) {
    case 'requestClone':
      return cloneVoiceJob(effect.params.sampleKey)
    case 'recordCloneTimeout':
      return job('record-clone-timeout', { callId, ...effect.params }, key, ATTEMPTS)
    case 'moveLeg':
      return job('move-leg', { callId, ...effect.params }, key, MOVE_ATTEMPTS)
    case 'hangUpLeg':
      return job('hang-up-leg', { callId }, key, ATTEMPTS)
  }
}

function cloneVoiceJob(sampleKey: string): Job {
  const queue = `clone:${sampleKey}`
  return { task: 'clone-voice', payload: { sampleKey }, key: queue, queue, attempts: ATTEMPTS }
}

function job<Task extends keyof EffectPayloads>(
  task: Task,
  payload: EffectPayloads[Task],
  key: string,
  attempts: number,
): Job {
  return { task, payload, key, queue: null, attempts }
}
