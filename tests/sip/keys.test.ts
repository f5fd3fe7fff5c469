import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'
import { until } from '../support/until.ts'

describe('A caller who presses keys', () => {
  let sip: SipWorld
  beforeAll(async () => {
    sip = await SipWorld.begin()
  })
  afterAll(() => sip.end())

  /** Resolves when the agent has been told that, and no other keys. */
  async function agentHears(call: SipStoryCall, keys: string): Promise<void> {
    const [conversation] = await call.conversations()
    const told = () =>
      conversation?.transcript
        .filter(({ message }) => message.includes('keypad'))
        .map(({ message }) => message)
    await until('the agent is told of the keys', () => (told()?.length ?? 0) > 0, undefined, 30_000)
    expect(told()).toEqual([`(I pressed ${[...keys].join(' ')} on the keypad.)`])
  }

  it('which its phone sends with the audio (RFC 4733), is understood by the agent, and that is written down', async () => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    call.line.voice.press('4711#')
    await agentHears(call, '4711#')
    await until('it is written down', async () =>
      (await call.turns()).some(({ role, text }) => role === 'caller' && text.includes('4 7 1 1 #')),
    )
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })

  it.each([
    ['application/dtmf-relay', (key: string) => `Signal=${key}\r\nDuration=160\r\n`],
    ['application/dtmf-relay', (key: string) => `Signal= ${key}\r\nDuration= 160\r\n`],
    ['application/dtmf', (key: string) => key],
  ])('which its phone sends as INFO (%s), likewise', async (type, body) => {
    const call = sip.call()
    await call.reaches('bridged.talking')
    for (const key of '12*') {
      const info = { headers: { 'Content-Type': type }, body: body(key) }
      expect((await call.line.request('INFO', info)).status).toBe(200)
    }
    await agentHears(call, '12*')
    await call.line.bye()
    expect(await call.outcome()).toBe('caller_hung_up')
  })
})
