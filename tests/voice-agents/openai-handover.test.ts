import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { neverLate } from '../support/never-late.ts'
import { stage } from './openai-stage.ts'

/*
 * The vendor ends every session after an hour; the call goes on in another, of which nobody hears. Time is moved by hand.
 */

const MINUTES = 60_000
const WORDS = 'One two three four.'
const turn = () => new Promise(setImmediate)
const sound = (milliseconds: number) => Buffer.alloc(milliseconds * 8, 0xff).toString('base64')

beforeEach(() => {
  neverLate()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** A conversation of 55 minutes, in which something was said, and whose next session has just been opened. */
async function longTalk() {
  const { vendor, end, talk } = await stage({ keepsCallerAudio: true })
  const call = await talk({ silenceTimeoutMs: 120 * MINUTES })
  const { agent, connection } = call
  agent.onReport = (report) => report === 'interrupted' && connection.truncate(500)
  end.answers()
  end.says(WORDS, end.speak(sound(1_000)))
  end.callerStarts()
  end.isDone('cancelled')
  end.callerSaid('I want shoes.')
  end.callerStops()
  await end.settled()
  const [before = ''] = vendor.liveSessionIds
  await passes(54 * MINUTES)
  expect(vendor.liveSessionIds).toEqual([before])
  agent.reports.length = 0
  await passes(2 * MINUTES)
  return { vendor, end, before, ...call }
}

/** Time passes in steps in which others are heard. */
async function passes(milliseconds: number): Promise<void> {
  for (let left = milliseconds; left > 0; left -= MINUTES) {
    vi.advanceTimersByTime(Math.min(left, MINUTES))
    await turn()
  }
}

async function goesOnIn(next: () => string[], before: string): Promise<string> {
  for (let turns = 0; turns < 1_000 && (next().length !== 1 || next()[0] === before); turns++) await turn()
  const [id = ''] = next()
  expect(id).not.toBe(before)
  return id
}

test('an hour is over, and nobody notices', async () => {
  const { vendor, end, before, agent, connection } = await longTalk()
  await end.admitted()
  await passes(2_000)
  await goesOnIn(() => vendor.liveSessionIds, before)
  expect(vendor.sessions.get(before)?.closeCode).toBe(1000)
  await vi.waitFor(() => expect(end.texts).toEqual(['One two', 'I want shoes.']))
  expect(end.sent('response.create')).toEqual([])
  connection.sendAudio(Buffer.from('AAAA'))
  await vi.waitFor(() => expect(end.record?.callerAudio).toHaveLength(1))
  end.answers()
  end.speak('BBBB')
  await end.settled()
  expect(agent.reports).toEqual(['audio BBBB'])
})

test('while somebody speaks the session stays, until there is no more time', async () => {
  const { vendor, end, before, agent } = await longTalk()
  vendor.session(before).sendRaw(JSON.stringify({ type: 'input_audio_buffer.speech_started' }))
  await vendor.session(before).taken()
  await end.admitted()
  await passes(2 * MINUTES)
  expect(vendor.liveSessionIds).toHaveLength(2)
  await passes(1.5 * MINUTES)
  await goesOnIn(() => vendor.liveSessionIds, before)
  expect(agent.reports).toEqual([])
})

test('the session expires in the middle of a word, and the next one goes on', async () => {
  const { vendor, end, before, agent } = await longTalk()
  await end.admitted()
  vendor.session(before).fail('session_expired', 'Your session hit the maximum duration of 60 minutes.', 1001)
  await goesOnIn(() => vendor.liveSessionIds, before)
  end.answers()
  end.speak('BBBB')
  await end.settled()
  expect(agent.reports).toEqual(['audio BBBB'])
})

test('a next session that cannot be had is tried again', async () => {
  const { vendor, end, before, agent } = await longTalk()
  await end.admitted()
  const next = vendor.liveSessionIds.find((id) => id !== before) ?? ''
  vendor.session(next).destroy()
  for (let turns = 0; turns < 50; turns++) await turn()
  expect(vendor.liveSessionIds).toEqual([before])
  // No longer than it takes to try again: what is on its way would be given up in the same step.
  await passes(21_000)
  await end.admitted()
  await passes(2_000)
  await goesOnIn(() => vendor.liveSessionIds, before)
  expect(agent.reports).toEqual([])
})

test('without a next session the expiry is a loss, after which the call reaches the agent anew', async () => {
  const { vendor, before, agent } = await longTalk()
  vendor.ignoreNext = 1
  for (const id of vendor.liveSessionIds) if (id !== before) vendor.session(id).destroy()
  vendor.session(before).fail('session_expired', 'Your session hit the maximum duration of 60 minutes.', 1001)
  expect(await agent.over).toBe('lost session_expired')
  expect(agent.isPermanent).toBe(false)
})

test('a call that ends while the next session is ready leaves neither behind', async () => {
  const { vendor, end, connection } = await longTalk()
  await end.admitted()
  connection.close()
  for (let turns = 0; turns < 200 && vendor.liveSessionIds.length > 0; turns++) await turn()
  expect(vendor.liveSessionIds).toEqual([])
})
