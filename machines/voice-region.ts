import { raise } from 'xstate'
import { type CallContext, chart } from './call-setup.ts'

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
      states: {
        cached: { description: 'A clone made for an earlier call.' },
        cloned: { description: 'The clone made while this caller waited.' },
        default: { description: 'The default voice: no mapping, a failed clone, or one that took too long.' },
      },
    },
  },
})

function sampleKeyOf(context: CallContext): string {
  if (context.voice.kind === 'clone') return context.voice.sampleKey
  throw new Error('A clone is only asked for when the look-up found a sample without one.')
}
