import { describe, expect, it } from 'vitest'
import type { CallEvent, LegEvent } from '../../machines/call-events.ts'
import { legInstructions, mediaInstruction } from '../../machines/instructions.ts'
import { type CallPath, coveringPaths, type PathStep } from '../../src/model/call-paths.ts'
import { HandLeg, settle } from './hand-leg.ts'

/*
 * Every path of the statechart, as a SIP leg goes it: whatever happens to the call, the caller hears what the call's state
 * says, and what the leg says of itself brings the call to the same state as Twilio's words do.
 */

const paths = [...coveringPaths('chart'), ...coveringPaths('table')]
const unique = [...new Map(paths.map((path) => [path.name, path])).values()]
/** Who is turned away gets a 503 before there is a leg: tests/sip/servers-away.test.ts. */
const answered = unique.filter(({ input }) => input.admission === 'accepted')

describe(`Each of ${answered.length} paths of the statechart`, () => {
  it.each(answered.map((path) => [path.name, path] as const))('%s', async (_, { input, steps }: CallPath) => {
    const hand = new HandLeg(input)
    await hand.begin()
    expectHeard(hand)
    for (const step of steps) {
      await take(hand, step)
      const { state, bridge, context } = hand.call.view
      const { attempt, endReason } = context
      expect({ state, bridge, attempt, endReason }).toEqual({
        state: step.expect.state,
        bridge: step.expect.bridge,
        attempt: step.expect.attempt,
        endReason: step.expect.endReason,
      })
      expectHeard(hand)
    }
  })
})

async function take(hand: HandLeg, step: PathStep): Promise<void> {
  if (step.party === 'timer') hand.call.hear({ type: step.timer })
  else if (isOfLeg(step.event)) await hand.perform(step.event)
  else hand.call.hear(step.event)
  await settle()
}

const isOfLeg = (event: CallEvent): event is LegEvent => event.type.startsWith('leg.')

/** What the caller hears is the first thing that the state says; a bridge is heard through its fork. */
function expectHeard({ call, media, dialog }: HandLeg): void {
  const { view } = call
  const [first] = legInstructions(view)
  if (first?.do === 'play-greeting') expect(media.sound).toBe('greeting')
  if (first?.do === 'hold') expect(media.sound).toBe(`hold ${first.round}`)
  if (first?.do === 'say') expect(media.sound).toBe(first.message)
  if (first?.do === 'connect-media') expect(media.fork_?.attempt).toBe(first.attempt)
  else if (view.context.endReason !== 'agent_ended') expect(media.fork_).toBeNull()
  const isHungUp = dialog.saidBye || !dialog.connected
  // The agent's last word is heard to its end: whoever relays it ends the stream then, and only that hangs up.
  const isLastWord = mediaInstruction(view, view.context.attempt) === 'finish-playing'
  if (isLastWord) expect(media.fork_?.attempt).toBe(view.context.attempt)
  expect(isHungUp).toBe(first?.do === 'hang-up' && !isLastWord)
}
