import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Playout } from '../../src/simulator/carrier/playout.ts'
import { FrameBuffer } from '../../src/simulator/frame-buffer.ts'

function heardOf(playout: Playout, frames: number): Buffer {
  const heard: Buffer[] = []
  for (let i = 0; i < frames; i++) playout.playFrame((frame) => heard.push(frame))
  return Buffer.concat(heard)
}

/** Anything but 0xff, which would be taken for silence. */
const audio = fc.uint8Array({ max: 254, maxLength: 500 }).map((bytes) => Buffer.from(bytes))

describe('playing out', () => {
  test('gives everything in order, then silence, in frames of 20 ms', () => {
    fc.assert(
      fc.property(fc.array(audio, { maxLength: 8 }), (pieces) => {
        const playout = new Playout()
        for (const piece of pieces) playout.enqueue(piece)
        const all = Buffer.concat(pieces)
        expect(playout.bufferedBytes).toBe(all.length)
        const heard = heardOf(playout, 40)
        expect(heard.subarray(0, all.length)).toEqual(all)
        expect(heard.subarray(all.length).every((byte) => byte === 0xff)).toBe(true)
        expect(playout.bufferedBytes).toBe(0)
      }),
    )
  })

  test('returns each mark once, in order, with the frame in which the last sound before it was heard', () => {
    fc.assert(
      fc.property(fc.array(audio, { maxLength: 8 }), (pieces) => {
        const playout = new Playout()
        const returned: { index: number; frame: number }[] = []
        let frames = 0
        let before = 0
        const expected = pieces.map((piece, index) => {
          playout.enqueue(piece)
          playout.mark(() => returned.push({ index, frame: frames }))
          before += piece.length
          return { index, frame: Math.ceil(before / 160) }
        })
        while (frames < 40) playout.playFrame(() => frames++)
        expect(returned).toEqual(expected)
      }),
    )
  })

  test('returns a mark at once when nothing is queued', () => {
    const outcomes: string[] = []
    new Playout().mark((outcome) => outcomes.push(outcome))
    expect(outcomes).toEqual(['played'])
  })

  test('forgets what is cleared and gives outstanding marks back', () => {
    const playout = new Playout()
    const outcomes: string[] = []
    playout.enqueue(Buffer.alloc(400, 1))
    playout.mark((outcome) => outcomes.push(outcome))
    heardOf(playout, 1)
    expect(playout.clear()).toBe(240)
    expect(outcomes).toEqual(['cleared'])
    expect(heardOf(playout, 2)).toEqual(Buffer.alloc(320, 0xff))
  })
})

describe('the frame buffer', () => {
  test('makes frames of pieces of any length', () => {
    fc.assert(
      fc.property(fc.array(audio, { maxLength: 8 }), (pieces) => {
        const buffer = new FrameBuffer()
        for (const piece of pieces) buffer.push(piece)
        const all = Buffer.concat(pieces)
        const frames: Buffer[] = []
        for (let frame = buffer.take(); frame; frame = buffer.take()) frames.push(frame)
        expect(frames.every(({ length }) => length === 160)).toBe(true)
        expect(frames.length).toBe(Math.ceil(all.length / 160))
        expect(Buffer.concat(frames).subarray(0, all.length)).toEqual(all)
      }),
    )
  })

  test('loses its oldest audio past the limit', () => {
    const buffer = new FrameBuffer({ limitBytes: 160 })
    buffer.push(Buffer.alloc(100, 1))
    buffer.push(Buffer.alloc(100, 2))
    expect(buffer.take()).toEqual(Buffer.concat([Buffer.alloc(60, 1), Buffer.alloc(100, 2)]))
  })

  test('holds the first audio back, and again after it ran empty', () => {
    const buffer = new FrameBuffer({ startDelay: 2 })
    const pull = () => (buffer.take() ? 'frame' : 'nothing')
    buffer.push(Buffer.alloc(320, 1))
    expect([pull(), pull(), pull(), pull(), pull()]).toEqual([
      'nothing',
      'nothing',
      'frame',
      'frame',
      'nothing',
    ])
    buffer.push(Buffer.alloc(160, 1))
    expect([pull(), pull(), pull()]).toEqual(['nothing', 'nothing', 'frame'])
  })
})
