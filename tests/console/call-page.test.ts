import { describe, expect, test } from 'vitest'
import { END_REASONS } from '../../machines/end-reasons.ts'
import {
  ANN,
  alice,
  BOB,
  begin,
  chartStates,
  looksAt,
  pastCall,
  recorded,
  service,
  visitConsole,
} from '../support/console-visits.ts'
import { until } from '../support/until.ts'

/*
 * The page of one call, live or past.
 */

/** As the timer fires; its name is XState's. */
const RECOVERY_IS_OVER = 'xstate.after.AGENT_RECOVERY.conversation.live.recovering'

visitConsole()

describe('one call', () => {
  test('that is over is opened by its address and stepped through, forward and back', async () => {
    await begin()
    const id = await pastCall()
    await looksAt(`#/calls/${id}`)
    await alice.page.getByText('Replayed: the chart of today leads this call the same way.').waitFor()
    await until('the chart shows the end', async () => (await chartStates('[data-active]')).includes('ended'))
    await alice.page.getByText('Step 6 of 6').waitFor()
    await alice.page.keyboard.press(',')
    await alice.page.getByText('Step 5 of 6, +9.7 s: agent.ready').waitFor()
    expect(await chartStates('[data-active]')).toEqual(expect.arrayContaining(['talking', 'cloned']))
    const inspector = alice.page.locator('.inspector')
    await expect.poll(() => inspector.textContent()).toContain('connect-media bridgeNumber=1')
    await expect
      .poll(() => inspector.locator('[data-changed]').allTextContents())
      .toEqual(['conversationIdtalk'])
    await expect.poll(() => inspector.textContent()).toContain('CALL_MAX in 59:50')
    await alice.page.keyboard.press('.')
    await alice.page.getByText('Step 6 of 6').waitFor()
    expect(alice.page.url()).toContain('step=6')
    expect(alice.complaints).toEqual([])
  })

  test('in a state that a half-changed chart has no instructions for is shown all the same', async () => {
    await begin()
    const id = await pastCall()
    await looksAt(`#/calls/${id}?step=2`, {}, (page) =>
      page.route('**/replay', async (asked) => {
        const answer = await asked.fetch()
        const replay = await answer.json()
        Object.assign(replay, { firstDifference: 1 })
        Object.assign(replay.steps[1].reproduced, { stateAfter: 'waiting', leg: null })
        replay.steps[1].differences = [{ what: 'state', recorded: 'hold', reproduced: 'waiting' }]
        await asked.fulfill({ response: answer, json: replay })
      }),
    )
    await alice.page.getByText('Nothing says what the leg is told in waiting').waitFor()
    await alice.page.getByRole('button', { name: 'Show the first difference, step 2' }).waitFor()
    expect(await laneOf('The leg is told')).toEqual([
      'Play the greeting, then hold music',
      'Open the audio stream',
    ])
    expect(alice.complaints).toEqual([])
  })

  test('is opened at the step that a link names', async () => {
    await begin()
    const id = await pastCall()
    await looksAt(`#/calls/${id}?step=2`)
    await alice.page.getByText('Step 2 of 6, +2.0 s: leg.instructionsRequested').waitFor()
    await until('the chart shows it', async () => {
      const active = await chartStates('[data-active]')
      return active.includes('hold') && active.includes('cloning')
    })
  })

  test('says why the agent was lost', async () => {
    await begin()
    service.calls.begin(BOB)
    const lost = { type: 'agent.lost', bridgeNumber: 1, cause: 'closed_3000' } as const
    await service.calls.say({ type: 'leg.instructionsRequested' })
    await service.calls.say({ type: 'media.joined', bridgeNumber: 1, node: 'node' })
    await service.calls.say(lost)
    await service.calls.say({ type: RECOVERY_IS_OVER } as never)
    await service.calls.say({ type: 'leg.ended', status: 'completed' })
    await looksAt(`#/calls/${service.calls.latestId}`)
    await alice.page.getByText(END_REASONS.agent_unreachable.meaning).waitFor()
    await expect
      .poll(() => alice.page.locator('.call-head .trouble').textContent())
      .toBe('The voice agent was lost: closed_3000')
  })

  test('goes to the step that is put into the address, and to the last when there are not so many', async () => {
    await begin()
    await looksAt(`#/calls/${await pastCall()}?step=99`)
    await alice.page.getByText('Step 6 of 6').waitFor()
    await until('the address says so', async () => alice.page.url().endsWith('?step=6'))
    const enter = (step: string) =>
      alice.page.evaluate(`location.hash = location.hash.replace(/=.*/, '=${step}')`)
    await enter('3')
    await alice.page.getByText('Step 3 of 6').waitFor()
    await enter('99')
    await alice.page.getByText('Step 6 of 6').waitFor()
    await until('the address says so', async () => alice.page.url().endsWith('?step=6'))
  })

  test('has states, timers and speech on one axis, with a scrubber for mouse and keyboard', async () => {
    await begin()
    await looksAt(`#/calls/${await pastCall()}`)
    const lanes = alice.page.locator('.lane-name')
    await alice.page.locator('.lane-name', { hasText: 'CLONE_MAX_WAIT' }).waitFor()
    await expect
      .poll(() => lanes.allTextContents())
      .toEqual(
        expect.arrayContaining([
          'State',
          'Voice',
          'The leg is told',
          'The relay is told',
          'Events',
          'Effects',
          'CALL_MAX',
          'Caller',
          'Agent',
        ]),
      )
    expect(await laneOf('Agent')).toEqual(['Hello, how may I help you today?'])
    expect(await laneOf('Voice')).toEqual(['Being cloned', 'Just cloned'])
    expect(await laneOf('The leg is told')).toEqual([
      'Play the greeting, then hold music',
      'Play hold music',
      'Open the audio stream',
    ])
    expect(await laneOf('CLONE_MAX_WAIT')).toEqual(['9.0 s of 35.0 s'])
    const scrubber = alice.page.getByRole('slider', { name: 'Moment of the call' })
    await scrubber.focus()
    await alice.page.keyboard.press('Home')
    await expect.poll(() => scrubber.getAttribute('aria-valuetext')).toBe('+0.0 s, step 1: call.began')
    await alice.page.keyboard.press('ArrowRight')
    await expect
      .poll(() => scrubber.getAttribute('aria-valuetext'))
      .toContain('step 2: leg.instructionsRequested')
    const box = await alice.page.locator('.scrubber').boundingBox()
    if (!box) throw new Error('The scrubber is not there.')
    await alice.page.mouse.click(box.x + box.width * 0.6, box.y + 40)
    await expect.poll(() => scrubber.getAttribute('aria-valuetext')).toContain('step 5: agent.ready')
  })

  test('tells what is under the pointer, and when timers fall due at the moment that is looked at', async () => {
    await begin()
    await looksAt(`#/calls/${await pastCall()}?step=2`)
    const due = alice.page.locator('.lane', { hasText: 'LEG_PATIENCE' }).locator('.lane-note')
    await due.getByText('in 30.0 s').waitFor()
    await alice.page.locator('.scrubber').scrollIntoViewIfNeeded()
    const box = await alice.page.locator('.scrubber').boundingBox()
    if (!box) throw new Error('The scrubber is not there.')
    await alice.page.mouse.move(box.x + (box.width * 9.02) / 21, box.y + 40)
    await expect.poll(() => alice.page.locator('.pointed').textContent()).toBe('+9.0 s voice.ready')
  })

  test('has its recording on the axis, which plays and takes the cursor along', async () => {
    await begin()
    const id = await pastCall()
    await recorded(id)
    await looksAt(`#/calls/${id}`)
    const wave = alice.page.getByRole('img', { name: /^A recording of \d/ })
    await wave.waitFor()
    expect(
      Number.parseFloat((await wave.getAttribute('style'))?.match(/left: ([\d.]+)%/)?.[1] ?? ''),
    ).toBeCloseTo((100 * 9.7) / 21, 0)
    const scrubber = alice.page.getByRole('slider', { name: 'Moment of the call' })
    await alice.page.getByRole('button', { name: 'Play the recording' }).click()
    await until('the cursor has moved into the conversation', async () => {
      const at = Number(await scrubber.getAttribute('aria-valuenow'))
      return at > 9_900 && at < 20_000
    })
    await alice.page.getByRole('button', { name: 'Pause the recording' }).click()
    await alice.page.getByRole('button', { name: 'Play the recording' }).waitFor()
    expect(alice.complaints).toEqual([])
  })

  test('does not follow the clock of the computer that looks, but the service’s', async () => {
    await begin()
    service.calls.begin(BOB, new Date(Date.now() - 5_000))
    const id = service.calls.latestId
    await looksAt(`#/calls/${id}`, {}, async ({ clock }) => {
      await clock.install({ time: Date.now() + 600_000 })
      await clock.resume()
    })
    const scrubber = alice.page.getByRole('slider', { name: 'Moment of the call' })
    await scrubber.waitFor()
    await alice.page.waitForTimeout(1_000)
    const at = Number(await scrubber.getAttribute('aria-valuenow'))
    expect(at).toBeGreaterThan(4_000)
    expect(at).toBeLessThan(30_000)
  })

  test('that lives is followed, can be hung up, and says who did it', async () => {
    await begin()
    service.calls.begin(ANN)
    await looksAt(`#/calls/${service.calls.latestId}`)
    await alice.page.getByText('Step 1 of 1').waitFor()
    await service.calls.say({ type: 'leg.instructionsRequested' })
    await alice.page.getByText('Step 2 of 2').waitFor()
    await alice.page.getByRole('button', { name: 'Hang up this call' }).click()
    await alice.page.locator('.call-head .badge', { hasText: 'Hanging up' }).waitFor()
    await service.calls.say({ type: 'leg.ended', status: 'completed' })
    await alice.page.getByText('An operator ended the call from the console or the API.').waitFor()
    await alice.visit('#/audit')
    await alice.page.getByText('Ends a call').waitFor()
  })

  test.each(['01900000-0000-7000-8000-000000000000', 'not-an-id'])(
    'that is none of ours is said to be none: %s',
    async (id) => {
      await begin()
      await looksAt(`#/calls/${id}`)
      await alice.page.getByRole('heading', { name: 'There is no such call' }).waitFor()
      expect(await alice.accessibilityFaults()).toEqual([])
    },
  )
})

/** The words in a lane of the time axis. */
const laneOf = (name: string) =>
  alice.page
    .locator('.lane', { has: alice.page.locator('.lane-name', { hasText: new RegExp(`^${name}$`) }) })
    .locator('.bar')
    .allTextContents()
