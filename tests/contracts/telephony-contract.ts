import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LegAddress, LegEnd, Telephony } from '../../src/calls/ports.ts'

/*
 * What the commands of every carrier keep to: Telephony of src/calls/ports.ts, as tests.
 */

export type TelephonySpec = {
  name: string
  /** The carrier can be told something. Else its legs follow their calls by themselves. */
  isTold: boolean
}

/** A leg, and the caller at its other end. */
interface LegUnderTest {
  readonly address: LegAddress
  /** The leg is over, and the caller's end of it. */
  isOver(): boolean
  /** The caller hangs up; resolves when the leg is over. */
  hangUp(): Promise<void>
  /** The bridges that the leg named as it asked what comes next, 0 for none. */
  asked?(): number[]
}

/** A carrier, in the hand of a test. */
export interface TelephonyUnderTest {
  readonly telephony: Telephony
  answeredLeg(): Promise<LegUnderTest>
  /** A leg that the carrier has never heard of. */
  readonly unknown: LegAddress
  /** Commands are refused with this status, in words that are returned. */
  refuse?(status: number): string
  /** Nobody is there to take commands. */
  goAway?(): Promise<void>
  stop(): Promise<void>
}

const ENDS = ['completed', 'busy', 'no-answer', 'failed', 'canceled']

export function telephonyContract(
  { name, isTold }: TelephonySpec,
  open: () => Promise<TelephonyUnderTest>,
): void {
  describe(`the telephony port, by ${name}`, () => {
    let subject: TelephonyUnderTest
    beforeEach(async () => {
      subject = await open()
    })
    afterEach(() => subject.stop())

    const commands = [
      ['redirectLeg', (leg: LegAddress) => subject.telephony.redirectLeg(leg, 1)],
      ['checkLeg', (leg: LegAddress) => subject.telephony.checkLeg(leg)],
      ['hangUp', (leg: LegAddress) => subject.telephony.hangUp(leg)],
    ] as const

    describe('a leg that lives', () => {
      test('is looked at without being changed', async () => {
        const leg = await subject.answeredLeg()
        const seen = isTold ? 'live' : 'impossible'
        expect(await subject.telephony.checkLeg(leg.address)).toBe(seen)
        expect(await subject.telephony.checkLeg(leg.address)).toBe(seen)
        expect(leg.isOver()).toBe(false)
        expect(leg.asked?.() ?? []).toEqual([])
      })

      test('is redirected, each time that it is told to, and lives on', async () => {
        const leg = await subject.answeredLeg()
        const redirect = (left: number) => subject.telephony.redirectLeg(leg.address, left)
        const answer = isTold ? 'redirected' : 'impossible'
        expect(await redirect(0)).toBe(answer)
        expect(await Promise.all([redirect(3), redirect(3)])).toEqual([answer, answer])
        if (isTold) await expect.poll(() => new Set(leg.asked?.())).toEqual(new Set([0, 3]))
        expect(leg.isOver()).toBe(false)
      })

      if (isTold)
        test('is hung up, however often it is told to, at the same time too', async () => {
          const leg = await subject.answeredLeg()
          const hangUp = () => subject.telephony.hangUp(leg.address)
          await Promise.all([hangUp(), hangUp()])
          await expect.poll(() => leg.isOver()).toBe(true)
          await hangUp()
        })
      else
        test('is left to follow its call when it is told to hang up', async () => {
          const leg = await subject.answeredLeg()
          await subject.telephony.hangUp(leg.address)
          expect(leg.isOver()).toBe(false)
        })
    })

    describe('a leg that is over', () => {
      test('is told of as it ended, the same by each command, and need not be hung up', async () => {
        const leg = await subject.answeredLeg()
        await leg.hangUp()
        const seen = await subject.telephony.checkLeg(leg.address)
        expect(await subject.telephony.redirectLeg(leg.address, 1)).toEqual(seen)
        await expect(subject.telephony.hangUp(leg.address)).resolves.toBeUndefined()
        if (!isTold) expect(seen).toBe('impossible')
        else {
          const { status, durationSeconds = 0 } = seen as LegEnd
          expect(ENDS).toContain(status)
          expect(Number.isInteger(durationSeconds) && durationSeconds >= 0).toBe(true)
        }
      })
    })

    test('a leg that the carrier does not know may be another’s: nothing is said of it', async () => {
      expect(await subject.telephony.redirectLeg(subject.unknown, 1)).toBe('impossible')
      expect(await subject.telephony.checkLeg(subject.unknown)).toBe('impossible')
      await expect(subject.telephony.hangUp(subject.unknown)).resolves.toBeUndefined()
    })

    if (isTold)
      describe.each(commands)('%s', (_, tell) => {
        test.each([401, 429, 500, 503])('fails, with the carrier’s own words, at a %i', async (status) => {
          const { address } = await subject.answeredLeg()
          const words = subject.refuse?.(status)
          const told = tell(address)
          await expect(told).rejects.toThrow(words ?? 'How does the carrier refuse?')
          await expect(told).rejects.toMatchObject({ status })
        })

        test('fails when nobody is there', async () => {
          await subject.goAway?.()
          await expect(tell(subject.unknown)).rejects.toThrow()
        })
      })
  })
}
