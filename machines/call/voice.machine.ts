import { assign, setup } from 'xstate'
import type { CallInput, CallLimits, VoiceEvent } from '../call-events.ts'
import { type ToVoice, tell } from './messages.ts'

export type VoiceContext = {
  limits: Pick<CallLimits, 'cloneMaxWaitMs'>
  voice: CallInput['voice']
  /** The voice the agent shall speak in; null is the agent's own. */
  voiceId: string | null
  /** A caller who is turned away never hears a voice, so none is paid for. */
  isWanted: boolean
}

const chart = setup({
  types: {} as { context: VoiceContext; events: VoiceEvent | ToVoice; input: CallInput },
  delays: {
    CLONE_MAX_WAIT: ({ context }) => context.limits.cloneMaxWaitMs,
  },
  guards: {
    hasCachedVoice: ({ context }) => context.voice.kind === 'cached',
    needsClone: ({ context }) => context.voice.kind === 'clone' && context.isWanted,
    saysVoiceIsGone: ({ event }) => event.type === 'conversation.refusesVoice' && event.isGone,
  },
  actions: {
    /** Effects are only named here; src/calls carries them out from the committed list. */
    requestClone: (_, _params: { sampleKey: string }) => {},
    recordCloneTimeout: (_, _params: { sampleKey: string }) => {},
    forgetVoice: (_, _params: { sampleKey: string; voiceId: string }) => {},
    useVoice: assign(({ event, context }) => ({
      voiceId: event.type === 'voice.ready' ? event.voiceId : context.voiceId,
    })),
    /** What the agent was found to speak in when its voice was refused. */
    useOtherVoice: assign({
      voiceId: ({ context, event }) =>
        event.type === 'conversation.refusesVoice' ? event.voiceId : context.voiceId,
    }),
  },
})

const settled = tell('call', { type: 'voice.isSettled' })

/** The vendor would not speak in the voice that was asked for. */
const voiceRefused = { target: 'default', actions: 'useOtherVoice' } as const

/** The vendor no longer has the clone, which calls to come would be given, too. */
const cloneGone = {
  guard: 'saysVoiceIsGone',
  target: 'default',
  actions: [
    {
      type: 'forgetVoice',
      params: ({ context }: { context: VoiceContext }) => ({
        sampleKey: sampleKeyOf(context),
        voiceId: context.voiceId ?? '',
      }),
    },
    'useOtherVoice',
  ],
} as const

const aClone = { 'conversation.refusesVoice': [cloneGone, voiceRefused] } as const

/** Where the agent's voice comes from; it comes to rest in `settled`, whatever happens, within CLONE_MAX_WAIT. */
export const voiceMachine = chart.createMachine({
  id: 'voice',
  context: ({ input }) => ({
    limits: { cloneMaxWaitMs: input.limits.cloneMaxWaitMs },
    voice: input.voice,
    voiceId: input.voice.kind === 'clone' ? input.voice.fallbackVoiceId : input.voice.voiceId,
    isWanted: input.admission === 'accepted',
  }),
  initial: 'lookup',
  states: {
    lookup: {
      description: 'Decides, from what was known when the call came in, where the voice comes from.',
      always: [
        { guard: 'hasCachedVoice', target: 'settled.cached' },
        { guard: 'needsClone', target: 'cloning' },
        { target: 'settled.default' },
      ],
    },
    cloning: {
      description: 'The clone is being made; whoever waits for the same sample waits for the same clone.',
      entry: { type: 'requestClone', params: ({ context }) => ({ sampleKey: sampleKeyOf(context) }) },
      on: {
        'call.asksForVoice': { actions: tell('call', { type: 'voice.isPending' }) },
        'call.isOver': 'settled.default',
        'voice.ready': { target: 'settled.cloned', actions: ['useVoice', settled] },
        'voice.failed': { target: 'settled.default', actions: settled },
      },
      after: {
        CLONE_MAX_WAIT: {
          target: 'settled.default',
          actions: [
            { type: 'recordCloneTimeout', params: ({ context }) => ({ sampleKey: sampleKeyOf(context) }) },
            settled,
          ],
        },
      },
    },
    settled: {
      description: 'The voice that the agent will speak in is known.',
      initial: 'default',
      on: { 'call.asksForVoice': { actions: settled } },
      states: {
        cached: { description: 'A clone made for an earlier call.', on: aClone },
        cloned: { description: 'The clone made while this caller waited.', on: aClone },
        default: {
          description:
            'The default voice: no mapping, a caller whose number nobody vouches for, a clone that failed or took too long, or a voice that the agent’s vendor refused.',
          on: { 'conversation.refusesVoice': voiceRefused },
        },
      },
    },
  },
})

function sampleKeyOf({ voice }: VoiceContext): string {
  if (voice.kind !== 'default') return voice.sampleKey
  throw new Error('A caller whose voice is not on file has no sample.')
}
