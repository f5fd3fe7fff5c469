import { and, raise, stateIn } from 'xstate'
import { type CallContext, chart } from './call-setup.ts'

/** The vendor would not speak in the voice that was asked for. */
const voiceRefused = {
  guard: and([stateIn('#bridged'), 'isThisConnection', 'refusesVoice']),
  target: '#voiceSettled.default',
  actions: 'useOtherVoice',
} as const

/** The vendor no longer has the clone, which calls to come would be given, too. */
const cloneGone = {
  guard: and([stateIn('#bridged'), 'isThisConnection', 'refusesVoice', 'saysVoiceIsGone']),
  target: '#voiceSettled.default',
  actions: [
    {
      type: 'forgetVoice',
      params: ({ context }: { context: CallContext }) => ({
        sampleKey: sampleKeyOf(context),
        voiceId: context.voiceId ?? '',
      }),
    },
    'useOtherVoice',
  ],
} as const

/** Where the agent's voice comes from; it comes to rest in `settled`, whatever happens, within CLONE_MAX_WAIT. */
export const voiceRegion = chart.createStateConfig({
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
      entry: {
        type: 'requestClone',
        params: ({ context }) => ({ sampleKey: sampleKeyOf(context) }),
      },
      on: {
        'voice.ready': { target: 'settled.cloned', actions: ['useVoice', raise({ type: 'voice.settled' })] },
        'voice.failed': { target: 'settled.default', actions: raise({ type: 'voice.settled' }) },
      },
      after: {
        CLONE_MAX_WAIT: {
          target: 'settled.default',
          actions: [
            { type: 'recordCloneTimeout', params: ({ context }) => ({ sampleKey: sampleKeyOf(context) }) },
            raise({ type: 'voice.settled' }),
          ],
        },
      },
    },
    settled: {
      id: 'voiceSettled',
      description: 'The voice that the agent will speak in is known.',
      initial: 'default',
      on: { 'agent.overrideRefused': voiceRefused },
      states: {
        cached: {
          description: 'A clone made for an earlier call.',
          on: { 'agent.overrideRefused': [cloneGone, voiceRefused] },
        },
        cloned: {
          description: 'The clone made while this caller waited.',
          on: { 'agent.overrideRefused': [cloneGone, voiceRefused] },
        },
        default: {
          description:
            'The default voice: no mapping, a caller whose number nobody vouches for, a clone that failed or took too long, or a voice that the agent’s vendor refused.',
        },
      },
    },
  },
})

function sampleKeyOf(context: CallContext): string {
  if (context.voice.kind !== 'default') return context.voice.sampleKey
  throw new Error('A caller whose voice is not on file has no sample.')
}
