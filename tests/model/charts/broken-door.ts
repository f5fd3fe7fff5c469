import { createMachine } from 'xstate'

/** A door with everything wrong that a chart can have wrong. */
export const brokenDoor = createMachine(
  {
    id: 'brokenDoor',
    initial: 'closed',
    states: {
      closed: { on: { push: 'open', kick: 'stuck' }, after: { 60000: 'gone' } },
      open: { on: { pull: [{ guard: 'never', target: 'hidden' }, { target: 'closed' }] } },
      stuck: { after: { 1000: 'stuck' } },
      hidden: { after: { 1000: 'gone' } },
      gone: { type: 'final' },
    },
  },
  { guards: { never: () => false } },
)

export const events = [{ type: 'push' }, { type: 'pull' }, { type: 'kick' }]

export const ledger = { closed: { pull: 'ignored', push: 'ignored' }, open: { push: 'ignored' } }

export const hears = ({ value }: { value: unknown }) => (value === 'open' ? 'nothing' : 'sound')
