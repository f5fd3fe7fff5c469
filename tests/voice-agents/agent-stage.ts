import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { AgentRequest } from '../../src/media/agent-port.ts'
import { neverLate } from '../support/never-late.ts'
import { connect } from './recorded-agent.ts'
import { VendorEnd } from './vendor-end.ts'

/** What came meanwhile has been handled. */
export const turn = () => new Promise(setImmediate)

/**
 * A vendor for each test, and time that stands still until the test moves it. After each, neither a connection nor a timer
 * may be left.
 */
export class AgentStage {
  #vendor: VendorEnd | null = null

  /** Call it once in a file. */
  static set(): AgentStage {
    const stage = new AgentStage()
    beforeEach(async () => {
      stage.#vendor = await VendorEnd.open()
      neverLate()
      vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
      })
    })
    afterEach(async () => {
      await stage.vendor.close()
      const timers = await stage.timersLeft()
      vi.useRealTimers()
      vi.restoreAllMocks()
      expect(timers, 'timers that are left').toBe(0)
    })
    return stage
  }

  get vendor(): VendorEnd {
    if (!this.#vendor) throw new Error('There is a vendor only in a test.')
    return this.#vendor
  }

  /** A conversation whose socket is open and on which the vendor has said nothing. */
  async dialled(change: Partial<AgentRequest> = {}) {
    const opened = this.vendor.next()
    const { agent, connection } = connect(this.vendor.url, change)
    const conversation = await opened
    await conversation.hears(({ type }) => type === 'conversation_initiation_client_data')
    return { agent, connection, conversation }
  }

  /** One whose agent is ready; that is no longer among its reports. */
  async talking(change: Partial<AgentRequest> = {}) {
    const call = await this.dialled(change)
    call.conversation.begin()
    await call.conversation.settled()
    expect(call.agent.reports).toEqual(['ready conv_1'])
    call.agent.reports.length = 0
    return call
  }

  /** This end of a connection learns a moment later that the other one is closed. */
  async timersLeft(): Promise<number> {
    for (let turns = 0; turns < 100 && vi.getTimerCount() > 0; turns++) await turn()
    return vi.getTimerCount()
  }
}
