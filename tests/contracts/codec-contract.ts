import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { bytesPerMs } from '../../src/audio/audio-format.ts'
import type { CarrierCodec } from '../../src/media/carrier-port.ts'

/*
 * What the codec of every carrier's stream keeps to: src/media/carrier-port.ts, as tests.
 */

/** A WebSocket message, and whether it is a binary one. */
export type Wire = readonly [message: Buffer, isBinary: boolean]

/** What the carrier makes of a message that it is sent. */
export type Played =
  | { kind: 'media'; payload: Buffer }
  | { kind: 'clear' }
  | { kind: 'mark'; name: string }
  | { kind: 'hang-up' }

/** A carrier's end of one stream, in the hand of a test; what a carrier has not is left out. */
export interface CodecUnderTest {
  readonly codec: CarrierCodec
  start(claim: { providerCallId: string; token: string }): Wire
  /** The caller is heard; the payload is written as `inboundFormat` says. */
  audio(payload: Buffer): Wire
  key(digit: string): Wire
  hold?(isOnHold: boolean): Wire
  /** The carrier sends a mark back. */
  mark?(name: string): Wire
  stop?(): Wire
  play(message: Buffer, isBinary: boolean): Played
}

const CLAIM = { providerCallId: 'CA0123456789abcdef0123456789abcdef', token: 'a-secret-token' }
const KEYS = '0123456789*#ABCD'
/** As much as the relay lets a carrier send at once. */
const LARGEST_BYTES = 64 * 1024

export function codecContract(name: string, open: () => CodecUnderTest): void {
  /** Says what this carrier has at all. */
  const model = open()
  model.codec.read(...model.start(CLAIM))

  describe(`the codec port, by ${name}`, () => {
    let subject: CodecUnderTest
    beforeEach(() => {
      subject = open()
    })

    const read = ([message, isBinary]: Wire) => subject.codec.read(message, isBinary)
    const started = () => {
      read(subject.start(CLAIM))
      return subject.codec
    }
    const sent = (message: Buffer, isAudio = false) =>
      subject.play(message, isAudio && subject.codec.sendsBinary === true)
    /** So many samples of no sound in particular. */
    const sound = (samples: number, { encoding, wire }: CarrierCodec['inboundFormat']) => {
      const bytes = Buffer.from(
        Array.from({ length: samples * (encoding === 'l16' ? 2 : 1) }, (_, at) => (at * 37) % 251),
      )
      return wire === 'base64' ? Buffer.from(bytes.toString('base64')) : bytes
    }

    describe('a stream', () => {
      test('says first whose it is, and with which token, once', () => {
        expect(read(subject.start(CLAIM))).toEqual({ kind: 'start', ...CLAIM })
        expect(read(subject.start(CLAIM)).kind).toBe('invalid')
      })

      test('brings nothing before that', () => {
        const early = [
          subject.audio(sound(160, subject.codec.inboundFormat)),
          subject.mark?.('1'),
          subject.stop?.(),
        ]
        for (const wire of early) if (wire) expect(read(wire).kind).toBe('invalid')
        expect(read(subject.start(CLAIM)).kind).toBe('start')
      })

      test('has formats that a transcoder knows, which do not change once it has begun', () => {
        const { inboundFormat, outboundFormat } = started()
        for (const { encoding, rate, wire } of [inboundFormat, outboundFormat]) {
          expect(['mulaw', 'l16']).toContain(encoding)
          expect(rate).toBeGreaterThanOrEqual(8000)
          expect(['base64', 'bytes']).toContain(wire)
        }
        read(subject.audio(sound(160, inboundFormat)))
        read(subject.start(CLAIM))
        expect(subject.codec).toMatchObject({ inboundFormat, outboundFormat })
      })
    })

    describe('what the caller does', () => {
      test('is heard in order, in pieces of any length', () => {
        const { inboundFormat } = started()
        for (const samples of [160, 1, 320, 8_000, 160, 20_000]) {
          const payload = sound(samples, inboundFormat)
          expect(read(subject.audio(payload))).toEqual({ kind: 'media', payload })
        }
      })

      test('is told by key', () => {
        started()
        for (const digit of KEYS) expect(read(subject.key(digit))).toEqual({ kind: 'dtmf', digit })
      })

      if (model.hold)
        test('is told when they hold', () => {
          started()
          for (const isOnHold of [true, false])
            expect(subject.hold && read(subject.hold(isOnHold))).toEqual({ kind: 'hold', isOnHold })
        })

      if (model.stop)
        test('is told when they are over', () => {
          started()
          expect(subject.stop && read(subject.stop())).toEqual({ kind: 'stop' })
        })
    })

    describe('what the caller is to hear', () => {
      test('reaches the carrier as it is, in pieces of any length', () => {
        const { outboundFormat } = started()
        for (const samples of [160, 1, 8_000]) {
          const payload = sound(samples, outboundFormat)
          expect(sent(subject.codec.media(payload), true)).toEqual({ kind: 'media', payload })
        }
      })

      test('can be cleared', () => {
        expect(sent(started().clear())).toEqual({ kind: 'clear' })
      })

      test.each(['1000', 'last-word', '"}\\'])('is marked %j where the carrier gives marks back', (name) => {
        const mark = started().mark(name)
        expect(mark && sent(mark)).toEqual(model.mark ? { kind: 'mark', name } : null)
        if (subject.mark) expect(read(subject.mark(name))).toEqual({ kind: 'mark', name })
      })

      if (model.codec.flush)
        test('is brought out by silence', () => {
          const { flush, outboundFormat } = started()
          expect(flush && sent(flush, true)).toMatchObject({ kind: 'media' })
          expect((flush?.length ?? 0) % (bytesPerMs(outboundFormat) * 20)).toBe(0)
          expect(new Set(flush).size).toBe(1)
        })

      if (model.codec.hangUp)
        test('ends with the leg', () => {
          const { hangUp } = started()
          expect(hangUp && sent(hangUp)).toEqual({ kind: 'hang-up' })
        })
    })

    describe('a message that is none', () => {
      const nested = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
      test.each([
        ['text', [Buffer.from('hello'), false]],
        ['nothing', [Buffer.alloc(0), false]],
        ['JSON', [Buffer.from('{"a":1}'), false]],
        ['a list', [Buffer.from('[]'), false]],
        ['deeply nested', [Buffer.from(nested), false]],
        ['as large as may come', [Buffer.alloc(LARGEST_BYTES, 0x7b), false]],
        ['no UTF-8', [Buffer.from([0xc3, 0x28, 0xff]), false]],
        ['binary', [Buffer.from([1, 2, 3]), true]],
      ] as const)('is invalid before the stream begins, and costs a live one nothing: %s', (_, odd) => {
        const before = read(odd)
        expect(before.kind).toBe('invalid')
        expect((before as { why: string }).why).toMatch(/^[ -~]{1,100}$/)
        started()
        expect(['invalid', 'other']).toContain(read(odd).kind)
        const payload = sound(160, subject.codec.inboundFormat)
        expect(read(subject.audio(payload))).toEqual({ kind: 'media', payload })
      })

      test('never makes it throw: any bytes, any JSON, and its carrier’s own messages with a few bytes changed', () => {
        const { inboundFormat } = subject.codec
        const own = [subject.start(CLAIM), subject.audio(sound(160, inboundFormat)), subject.key('5')]
        const more = [subject.hold?.(true), subject.mark?.('1'), subject.stop?.()].filter(
          (wire) => wire !== undefined,
        )
        const change = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) })
        const changed = fc
          .tuple(fc.constantFrom(...own, ...more), fc.array(change, { minLength: 1, maxLength: 4 }))
          .map(([[message], changes]) => {
            const copy = Buffer.from(message)
            for (const { at, byte } of changes) copy[at % Math.max(1, copy.length)] = byte
            return copy
          })
        const anything = fc.oneof(
          fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
          fc.json().map((json) => Buffer.from(json)),
          changed,
        )
        const live = open()
        const begin = live.start(CLAIM)
        live.codec.read(...begin)
        fc.assert(
          fc.property(anything, fc.boolean(), (message, isBinary) => {
            live.codec.read(message, isBinary)
            open().codec.read(message, isBinary)
          }),
          { numRuns: 1_000 },
        )
        const payload = sound(160, live.codec.inboundFormat)
        expect(live.codec.read(...live.audio(payload))).toEqual({ kind: 'media', payload })
      })
    })
  })
}
