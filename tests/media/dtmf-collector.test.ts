import { expect, test } from 'vitest'
import { Keypad } from '../../src/media/dtmf-collector.ts'
import { ManualClock } from '../support/manual-clock.ts'

function pressed(keys: string): { keypad: Keypad; clock: ManualClock } {
  const clock = new ManualClock()
  const keypad = new Keypad(clock)
  for (const key of keys) keypad.press(key)
  return { keypad, clock }
}

test('a number is told in one piece, once nobody presses on', () => {
  const { keypad, clock } = pressed('471')
  clock.advance(1_000)
  expect(keypad.take()).toBe('')
  keypad.press('1')
  clock.advance(1_000)
  expect(keypad.take()).toBe('')
  clock.advance(500)
  expect(keypad.take()).toBe('4711')
  clock.advance(5_000)
  expect(keypad.take()).toBe('')
})

test('# ends a number at once', () => {
  expect(pressed('5#').keypad.take()).toBe('5#')
})

test('what is no key is none, and of a stuck one not all is told', () => {
  const { keypad, clock } = pressed('1x é9')
  keypad.press('12')
  clock.advance(2_000)
  expect(keypad.take()).toBe('19')
  const stuck = pressed('1'.repeat(500))
  stuck.clock.advance(2_000)
  expect(stuck.keypad.take()).toBe('1'.repeat(32))
})
