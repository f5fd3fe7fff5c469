import type { ContextOf } from '../../machines/call/call-context.ts'
import { callSystem } from '../../machines/call/call-system.ts'
import { UPGRADES } from '../../machines/upgrades.ts'
import { Charts, isRecord } from '../actors/charts.ts'
import { withoutOldNames } from './for-release-before.ts'

/* What a process makes of a call that was saved, perhaps by another release of the chart. */

type Check = (value: unknown) => boolean

const isCount: Check = (value) => Number.isInteger(value) && (value as number) >= 0
const isText: Check = (value) => typeof value === 'string'
const isTextOrNull: Check = (value) => value === null || isText(value)
const isFlag: Check = (value) => typeof value === 'boolean'
const isLength: Check = (value) => Number.isFinite(value)
const isLimit: Check = (value) => isLength(value) || (Array.isArray(value) && value.every(isLength))
const areLimits: Check = (value) => isRecord(value) && Object.values(value).every(isLimit)

/** What the machines go on from; a state with anything else in these places would fail in the middle of a step. */
const CONTEXTS: { [Address in keyof ContextOf]: { [Field in keyof ContextOf[Address]]: Check } } = {
  call: { limits: areLimits, holdRound: isCount, endReason: isTextOrNull },
  leg: {
    limits: areLimits,
    legId: isText,
    bridgeNumber: isCount,
    redirects: isCount,
    unresponsiveBridge: (value) => value === null || isCount(value),
    goneBecause: isTextOrNull,
  },
  conversation: {
    limits: areLimits,
    agentBridge: isCount,
    agentReconnects: isCount,
    agentConnection: isCount,
    agentPauses: isCount,
    refusedOverrides: Array.isArray,
    conversationId: isTextOrNull,
  },
  voice: {
    limits: areLimits,
    voice: (value) => isRecord(value) && ['default', 'cached', 'clone'].includes(`${value.kind}`),
    voiceId: isTextOrNull,
    isWanted: isFlag,
  },
  transfer: {
    transferNumber: isCount,
    transferTo: isTextOrNull,
    transferOutcome: isTextOrNull,
    transfersRefused: isCount,
  },
}

function faultInContexts(context: Record<string, unknown>): string | null {
  for (const [address, checks] of Object.entries(CONTEXTS)) {
    const remembered = context[address]
    if (!isRecord(remembered)) return `it has no context of its ${address}`
    const wrong = Object.entries(checks).find(([field, isRight]) => !isRight(remembered[field]))
    if (wrong) return `its ${wrong[0]} is missing or wrong`
  }
  return null
}

export const callCharts = new Charts({
  system: callSystem,
  upgrades: UPGRADES,
  faultIn: faultInContexts,
  ownPart: withoutOldNames,
})
