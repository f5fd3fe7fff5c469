import { describe, expect, test } from 'vitest'
import type { AgentDraft } from '../../src/persistence/agent-store.ts'
import {
  ANN,
  alice,
  BOB,
  begin,
  looksAt,
  pastCall,
  recorded,
  service,
  visitConsole,
} from '../support/console-visits.ts'

/*
 * Every page with something on it, and those that say that there is nothing: colours are a matter of the theme alone, and
 * places of the width alone, so that two of the four show them all.
 */

visitConsole()

/** axe-core takes half a second for a page of a statechart, and more where others work beside. */
const PATIENCE_MS = 180_000

const PLACES = [
  '',
  'live',
  'live?show=tests',
  'calls',
  'voices',
  'agents',
  'trunks',
  'phone-links',
  'statistics',
  'system',
  'audit',
  'licences',
  'calls/01900000-0000-7000-8000-000000000000',
  'campaigns',
]

const AN_AGENT = {
  name: 'Front desk',
  backend: 'elevenlabs',
  vendorAgentId: null,
  model: null,
  turnDetection: null,
  voiceId: null,
  instructions: null,
  firstMessage: null,
  language: 'en',
  tools: [],
  transferNumber: null,
  numbers: ['+15551234567'],
} as const satisfies AgentDraft

/** Runs in the page: the links and cards that reach beyond the window, and the cards out of which something reaches. */
const STICKS_OUT = `[...document.querySelectorAll('.navigation a, main .card')]
  .filter((part) => part.getBoundingClientRect().right > innerWidth || part.scrollWidth > part.clientWidth)
  .map((part) => part.getAttribute('aria-label') ?? part.textContent.slice(0, 60))`

describe.each([
  ['light', { width: 1440, height: 900 }],
  ['dark', { width: 390, height: 844 }],
] as const)('in %s', (colorScheme, viewport) => {
  test(`no page has a fault that axe-core finds, or is wider than ${viewport.width} pixels`, {
    timeout: PATIENCE_MS,
  }, async () => {
    await begin()
    const id = await pastCall()
    service.calls.begin(BOB)
    service.voices = [
      {
        callerId: ANN,
        name: 'Ann',
        sampleKey: 'key',
        consent: { by: 'Ann', at: new Date() },
        createdAt: new Date(),
        updatedAt: new Date(),
        trust: 'attested',
        clone: {
          status: 'failed',
          vendorVoiceId: null,
          failure: 'Too short.',
          readyAt: null,
          expiresAt: null,
        },
      },
    ]
    await recorded(id)
    await service.agents.create({ ...AN_AGENT, backend: 'openai' })
    await service.troubledTrunk()
    await service.phoneLinks.create({
      to: '+15551234567',
      agentId: null,
      callerNumber: ANN,
      callerName: 'Ann',
      expiresInSeconds: 60,
    })
    await looksAt('#/live', { colorScheme, viewport })
    for (const place of [...PLACES, `calls/${id}`, `calls/${service.calls.latestId}`]) {
      await alice.visit(`#/${place}`)
      await alice.page.waitForLoadState('networkidle', { timeout: 500 }).catch(() => {})
      if (place.startsWith('live') || place === `calls/${id}`)
        await alice.page.locator('.chart-state').first().waitFor()
      expect(await alice.accessibilityFaults(), place).toEqual([])
      const width = await alice.page.evaluate('document.documentElement.scrollWidth')
      expect(width, place).toBeLessThanOrEqual(viewport.width)
      expect(await alice.page.evaluate(STICKS_OUT), place).toEqual([])
    }
    // Of the call that is none of ours, Chromium says so too.
    expect(alice.complaints.filter((complaint) => !complaint.includes('404'))).toEqual([])
  })
})
