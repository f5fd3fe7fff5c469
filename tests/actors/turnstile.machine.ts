import { assign, setup } from 'xstate'

/*
 * locked ──coin──► open ──push──► locked
 *                   └──PATIENCE──► locked, and the coin is given back
 *
 * It is closed when it is told to, or at the end of its day.
 *
 * Nothing in it has to do with calls.
 */

export type TurnstileEvent = { type: 'coin' } | { type: 'push' } | { type: 'close' }

export type TurnstileEffect =
  | { type: 'refund'; params: { coins: number } }
  | { type: 'wave'; params: { to: string | null } }

const chart = setup({
  types: {} as {
    context: { coins: number; passed: number; next: string | null }
    input: { next: string | null }
    events: TurnstileEvent
    output: { passed: number }
  },
  delays: { PATIENCE: 5_000, DAY: 86_400_000 },
  actions: {
    take: assign({ coins: ({ context }) => context.coins + 1 }),
    giveBack: assign({ coins: ({ context }) => context.coins - 1 }),
    count: assign({ passed: ({ context }) => context.passed + 1 }),
    refund: (_, _params: { coins: number }) => {},
    wave: (_, _params: { to: string | null }) => {},
  },
})

export const turnstileMachine = chart.createMachine({
  id: 'turnstile',
  version: 'turnstile-1',
  context: ({ input }) => ({ coins: 0, passed: 0, next: input.next }),
  initial: 'locked',
  on: { close: '.closed' },
  after: { DAY: '.closed' },
  output: ({ context }) => ({ passed: context.passed }),
  states: {
    locked: { on: { coin: { target: 'open', actions: 'take' } } },
    open: {
      on: {
        coin: { actions: 'take' },
        push: {
          target: 'locked',
          actions: ['count', { type: 'wave', params: ({ context }) => ({ to: context.next }) }],
        },
      },
      after: {
        PATIENCE: { target: 'locked', actions: ['giveBack', { type: 'refund', params: { coins: 1 } }] },
      },
    },
    closed: { type: 'final' },
  },
})

/** @public For `npm run model`: the last turnstile of a hall, and one that has a next. */
export const inputs = { last: { next: null }, 'not last': { next: 'b' } }

/** @public How much was counted makes no other state. */
export const identity = ({ value, context }: { value: unknown; context: { next: string | null } }) =>
  `${value} ${context.next}`
