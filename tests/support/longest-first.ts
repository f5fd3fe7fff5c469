import { BaseSequencer, type TestSpecification } from 'vitest/node'

/*
 * A machine that has run the tests before knows how long each file takes; a new one takes the largest for the longest. What
 * waits for processes, browsers and clocks is long however small its file: begun last, it would keep all others waiting.
 */
const LONG = [
  'chaos/chaos.',
  'generated/',
  'killed',
  // A hundred calls at once, not beside as many of the chaos.
  'standing-still',
  'sip/',
  'stories/',
  'hostile/',
  'console/',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b))
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONG.findIndex((part) => moduleId.includes(part))
  return rank < 0 ? LONG.length : rank
}
