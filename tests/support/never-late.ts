import { vi } from 'vitest'
import { loopDelay } from '../../src/runtime/loop-delay.ts'

/** For tests that move time by hand: this machine's own stalls do not prolong their time-outs. */
export const neverLate = () => vi.spyOn(loopDelay, 'totalMs', 'get').mockReturnValue(0)
