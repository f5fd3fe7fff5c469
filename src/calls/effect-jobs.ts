import type { CallEffect } from '../../machines/call-events.ts'
import type { LegState } from '../../machines/instructions.ts'
import type { Job } from '../actors/actor-store.ts'
import { type AboutBridge, aboutBridge } from './for-release-before.ts'

/** What the worker is given for each effect of a call; `step` numbers the effect within it. */
export type EffectPayloads = {
  'clone-voice': { sampleKey: string }
  'record-clone-timeout': { callId: string; sampleKey: string }
  /** `state` is where the call was when it asked: one that has moved on since needs no redirect any more. */
  'redirect-leg': { callId: string; state: LegState } & AboutLeg & AboutBridge
  'check-leg': { callId: string; state: LegState } & AboutLeg & AboutBridge
  'forget-voice': { sampleKey: string; voiceId: string }
  'hang-up-leg': { callId: string } & AboutLeg
}

/** Jobs of the release before do not say which leg they are about: it has one. */
type AboutLeg = { leg?: string }

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
      return job('hang-up-leg', { callId, leg: effect.params.leg }, key, ATTEMPTS)
  }
}

const about = ({ params: { leg, bridgeNumber } }: { params: { leg: string; bridgeNumber: number } }) => ({
  leg,
  ...aboutBridge(bridgeNumber),
})

/** The jobs of a step's effects, in order. */
export function effectJobs(
  effects: CallEffect[],
  { callId, state, seq }: { callId: string; state: LegState; seq: number },
): Job[] {
  return effects.map((effect, index) => effectJob(effect, { callId, state, step: `${seq}.${index}` }))
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
