import type { CallEffect, CallEvent } from '../../machines/call-events.ts'
import type { LegState } from '../../machines/instructions.ts'
import { type AboutBridge, aboutBridge } from './for-release-before.ts'
import type { Job } from './store.ts'

/** What the worker is given for each effect of a call; `step` numbers the effect within it. */
export type EffectPayloads = {
  'clone-voice': { sampleKey: string }
  'record-clone-timeout': { callId: string; sampleKey: string }
  /** `state` is where the call was when it asked: one that has moved on since needs no redirect any more. */
  'redirect-leg': { callId: string; state: LegState } & AboutBridge
  'check-leg': { callId: string; state: LegState } & AboutBridge
  'forget-voice': { sampleKey: string; voiceId: string }
  'hang-up-leg': { callId: string }
}

/** A leg that cannot be redirected asks by itself soon, or is given up: to try again much later would help nobody. */
const REDIRECT_ATTEMPTS = 3
const ATTEMPTS = 8

/** What asks for an effect: the call, its place in the chart after the step, and the effect's number within the call. */
export type EffectOrigin = { callId: string; state: LegState; step: string }

export function effectJob(effect: CallEffect, { callId, state, step }: EffectOrigin): Job {
  const key = `${callId}.${step}`
  switch (effect.type) {
    case 'requestClone':
      return cloneVoiceJob(effect.params.sampleKey, key)
    case 'recordCloneTimeout':
      return job('record-clone-timeout', { callId, ...effect.params }, key, ATTEMPTS)
    case 'redirectLeg':
      return job('redirect-leg', { callId, ...about(effect), state }, key, REDIRECT_ATTEMPTS)
    case 'checkLeg':
      return job('check-leg', { callId, ...about(effect), state }, key, REDIRECT_ATTEMPTS)
    case 'forgetVoice':
      return job('forget-voice', effect.params, key, ATTEMPTS)
    case 'hangUpLeg':
      return job('hang-up-leg', { callId }, key, ATTEMPTS)
  }
}

const about = ({ params }: { params: { bridgeNumber: number } }) => aboutBridge(params.bridgeNumber)

/** The jobs of a step's effects, in order. */
export function effectJobs(
  effects: CallEffect[],
  { callId, state, seq }: { callId: string; state: LegState; seq: number },
): Job[] {
  return effects.map((effect, index) => effectJob(effect, { callId, state, step: `${seq}.${index}` }))
}

/** Delivers an event in whatever process takes it, or in one that knows the chart by which the call was saved. */
export const DELIVERY = 'deliver-event'
export const deliveryTask = (chart: string) => `${DELIVERY}@${chart}` as const

export type DeliveryPayload = { callId: string; event: CallEvent; eventId: string }

/** Calls share event ids, such as that of their end; keys are of one call alone. */
export const deliveryKey = ({ callId, eventId }: Omit<DeliveryPayload, 'event'>): string =>
  `${callId} ${eventId}`

export function deliveryJob(chart: string, payload: DeliveryPayload): Job {
  const key = deliveryKey(payload)
  return { task: deliveryTask(chart), payload, key, queue: null, attempts: ATTEMPTS }
}

/**
 * Of those who wait for the same samples each has a job, and one at a time runs, in whatever process: the second finds what
 * became of the first. A job that they shared would be taken from the node that works on it by whoever asks next, and be
 * lost with that node.
 */
function cloneVoiceJob(sampleKey: string, key: string): Job {
  return { task: 'clone-voice', payload: { sampleKey }, key, queue: `clone:${sampleKey}`, attempts: ATTEMPTS }
}

function job<Task extends keyof EffectPayloads>(
  task: Task,
  payload: EffectPayloads[Task],
  key: string,
  attempts: number,
): Job {
  return { task, payload, key, queue: null, attempts }
}
