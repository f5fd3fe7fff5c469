import { EventEmitter } from 'node:events'
import Dialog from 'drachtio-srf/lib/dialog.js'
import { describe, expect, it } from 'vitest'
import { modifyOfLibrary } from '../../src/telephony/sip/re-invite-queue.ts'

/** A dialog whose other party answers each re-INVITE with the next of these. */
function dialogThatAnswers(...answers: number[]) {
  const agent = {
    request: (_options: unknown, sent: (error: null, req: EventEmitter) => void) => {
      const req = new EventEmitter()
      sent(null, req)
      const status = answers.shift()
      queueMicrotask(() => req.emit('response', { status, reason: '', body: 'v=0' }, () => {}))
    },
  }
  const _reinvitesInProgress = { count: 0, admitOne: [] as (() => void)[] }
  const base = Object.create(Dialog.prototype, {
    agent: { value: agent },
    socket: { value: null },
    connected: { value: true },
    id: { value: 'a dialog' },
  })
  return Object.assign(base, { local: {}, remote: {}, _reinvitesInProgress }) as {
    modify: (sdp: string) => Promise<unknown>
    _reinvitesInProgress: typeof _reinvitesInProgress
  }
}

describe('A refused re-INVITE', () => {
  it('lets the next one out', async () => {
    const dialog = dialogThatAnswers(488, 491, 200)
    const tries = [dialog.modify('a'), dialog.modify('b'), dialog.modify('c')]
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(dialog._reinvitesInProgress).toEqual({ count: 0, admitOne: [] })
  })

  it('does not in the library alone: when this fails, re-invite-queue.ts is no longer needed', async () => {
    const dialog = dialogThatAnswers(488)
    await expect(modifyOfLibrary.call(dialog, 'a')).rejects.toThrow()
    expect(dialog._reinvitesInProgress.count).toBe(1)
  })
})
