import type { Logger } from 'pino'
import { retrying } from '../../runtime/backoff.ts'
import { withTimeout } from '../../runtime/with-timeout.ts'
import type { CarrierCall } from '../calls-port.ts'
import type { SipDialog } from './drachtio.ts'
import type { LegMedia } from './leg-media.ts'
import type { InviteNames, LegRegister } from './sip-ports.ts'

/** A caller who waits for an answer hears nothing meanwhile. */
const ENTER_MS = 2_000
const PAUSES = { firstMs: 100, longestMs: 5_000 }

type HeldCall = Pick<CarrierCall, 'callId' | 'legId'>

/** Writes down which legs this process holds, so that others find them when it is gone. */
export class LegBook {
  readonly #register: LegRegister
  readonly #log: Logger

  constructor({ register, log }: { register: LegRegister; log: Logger }) {
    this.#register = register
    this.#log = log
  }

  /** What nobody could find after this process is gone is not kept: rejects when it cannot be written down in time. */
  async enter({ callId, legId }: HeldCall, media: LegMedia): Promise<void> {
    const { server: mediaServer, channel } = media
    const held = this.#register.hold({ callId, legId, mediaServer, channel, dialogId: null })
    try {
      await orDestroy(media, withTimeout(ENTER_MS, held, 'the leg was not registered in time'))
    } catch (error) {
      void held.then(() => this.strike(legId)).catch(() => {})
      throw error
    }
  }

  async answered(legId: string, dialog: SipDialog): Promise<void> {
    await this.#register
      .answered(legId, dialog.id)
      .catch((error: unknown) => this.#log.warn({ err: error, legId }, 'a leg could not be registered'))
  }

  /** A party that is called when this process is gone would be left alone where that could not be written down. */
  async calling(legId: string, invite: InviteNames | null): Promise<void> {
    await this.#register
      .calling(legId, invite)
      .catch((error: unknown) => this.#log.warn({ err: error, legId }, 'an INVITE could not be registered'))
  }

  /** Rejects when it cannot be written down. */
  moved(legId: string, media: LegMedia): Promise<void> {
    const { server: mediaServer, channel } = media
    return orDestroy(media, this.#register.moved(legId, { mediaServer, channel }))
  }

  /** A leg that stays registered would be looked for when this process is gone; nothing waits for it. */
  strike(legId: string): Promise<void> {
    return retrying(() => this.#register.release(legId), {
      ...PAUSES,
      onFailed: (error) =>
        this.#log.warn({ err: error, legId }, 'a leg that is over is still registered; it is tried again'),
    })
  }
}

/** Media that could not be written down is of no use. */
async function orDestroy(media: LegMedia, written: Promise<void>): Promise<void> {
  try {
    await written
  } catch (error) {
    await media.destroy()
    throw error
  }
}
