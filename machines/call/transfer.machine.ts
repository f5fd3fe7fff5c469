import { assign, setup } from 'xstate'
import type { TransferEvent, TransferOutcome } from '../call-events.ts'
import type { ToTransfer } from './messages.ts'

export type TransferContext = {
  /** The number of the latest transfer, from 1; 0 before the first. Every word about a transfer carries it. */
  transferNumber: number
  /** Whom the latest transfer is to. */
  transferTo: string | null
  /** What became of it; null while that party is being called. */
  transferOutcome: TransferOutcome | null
  /** Counts requests that nobody was called for. */
  transfersRefused: number
}

const chart = setup({
  types: {} as { context: TransferContext; events: TransferEvent | ToTransfer },
  delays: {
    /** Within the minute for which a transfer's progress is reported to whoever asked for it, and after most voicemail would answer. */
    TRANSFER_RINGING: 45_000,
  },
  guards: {
    isThisTransfer: ({ context, event }) =>
      'transferNumber' in event && event.transferNumber === context.transferNumber,
  },
  actions: {
    beginTransfer: assign(({ event }) =>
      event.type === 'transfer.requested'
        ? { transferNumber: event.transferNumber, transferTo: event.to, transferOutcome: null }
        : {},
    ),
    countRefusal: assign({ transfersRefused: ({ context }) => context.transfersRefused + 1 }),
    endTransfer: assign((_, params: { outcome: TransferOutcome }) => ({ transferOutcome: params.outcome })),
    endAsTold: assign({
      transferOutcome: ({ event }) => (event.type === 'transfer.failed' ? event.reason : 'unreachable'),
    }),
  },
})

const end = (outcome: TransferOutcome) => ({ type: 'endTransfer', params: { outcome } }) as const

/** Somebody else gets the call: they are called while the caller goes on talking, and take the caller's place when they answer. */
export const transferMachine = chart.createMachine({
  id: 'transfer',
  context: { transferNumber: 0, transferTo: null, transferOutcome: null, transfersRefused: 0 },
  initial: 'idle',
  on: {
    'transfer.refused': { actions: 'countRefusal' },
  },
  states: {
    idle: {
      description: 'Nobody else is being called; a transfer can be asked for.',
      on: {
        'transfer.requested': { target: 'calling', actions: 'beginTransfer' },
        'leg.closes': 'over',
      },
    },
    calling: {
      description: 'The party that shall get the call is being called; the caller goes on as before.',
      on: {
        'transfer.completed': { guard: 'isThisTransfer', target: 'idle', actions: end('completed') },
        'transfer.failed': { guard: 'isThisTransfer', target: 'idle', actions: 'endAsTold' },
        'leg.closes': { target: 'over', actions: end('abandoned') },
      },
      after: { TRANSFER_RINGING: { target: 'idle', actions: end('no_answer') } },
    },
    over: { description: 'The leg hears its last word or is gone: nobody is called for it any more.' },
  },
})
