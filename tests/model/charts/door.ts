import { createMachine } from 'xstate'

/** A door that closes by itself and is at last taken out: nothing is wrong with it. */
export const door = createMachine({
  id: 'door',
  initial: 'closed',
  states: {
    closed: { on: { push: 'open' }, after: { 60000: 'gone' } },
    open: { on: { pull: 'closed' }, after: { 5000: 'closed' } },
    gone: { type: 'final' },
  },
})

export const events = [{ type: 'push' }, { type: 'pull' }]

export const ledger = { closed: { pull: 'ignored' }, open: { push: 'ignored' } }

export const hears = () => 'sound' as const
