import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode } from 'xstate'
import { AWAITS_ANSWER } from '../../../machines/call/messages.ts'
import type { MachineSystem, SystemSnapshot } from '../../actors/machine-system.ts'
import type { ChartModel, Explored } from '../explore.ts'
import type { Checked, Finding } from './finding.ts'

/*
 * The chart itself does not fail: every guard, action and delay that it names is there, and none throws, whatever happens.
 * XState takes a missing delay for none at all and passes over a missing action without a word.
 */

export function checkFailures<Snapshot extends SystemSnapshot>(
  { system, rowName, columnName }: ChartModel<Snapshot>,
  graphs: Explored<Snapshot>[],
): Checked {
  const missing = missingParts(system)
  const thrown = graphs.flatMap(({ failed }) => failed).filter(({ message }) => !isMissing(message))
  // The same guard fails in many situations, and says the same in each.
  const firsts = [...Map.groupBy(thrown, ({ message }) => message).values()].flatMap(([first]) => first ?? [])
  const findings = firsts.map(
    ({ from, event, message }): Finding => ({
      where: `${rowName(from)} on ${columnName(event)}`,
      why: `the chart fails: ${message.replaceAll(/\s*\n\s*/g, ' ').replace(/[.\s]+$/, '')}`,
      mend: 'look at the guards and actions that are asked there',
    }),
  )
  const waiting = graphs.flatMap(({ states }) => states.filter(awaitsAnswer))
  const unanswered = [...new Set(waiting.map(rowName))].map(
    (where): Finding => ({
      where,
      why: 'a machine rests where it waits for an answer in the same step, and nobody gave it',
      mend: 'let the machine that is asked answer in each of its states',
    }),
  )
  const answer = 'every guard, action and delay is there, and nothing that can happen makes one fail'
  return { rule: 'no failure', findings: [...missing, ...findings, ...unanswered], answer }
}

const awaitsAnswer = ({ status, machines }: SystemSnapshot): boolean =>
  status === 'active' &&
  Object.values(machines).some((machine: AnyMachineSnapshot) => machine.hasTag(AWAITS_ANSWER))

const isMissing = (message: string) => message.includes('is not implemented')

type Kind = 'guards' | 'actions' | 'delays'

/** Whether it goes elsewhere than it is written: for want of a delay a state is left at once, for want of a guard not at all. */
export const goesAstray = (system: MachineSystem): boolean =>
  missingIn(system).some(({ kind }) => kind !== 'actions')

const missingIn = ({ machines }: MachineSystem): Named[] => Object.values(machines).flatMap(missingNames)

function missingNames({ root, implementations }: AnyStateMachine): Named[] {
  const named = nodesOf(root).flatMap((node) => namesIn(node))
  return named.filter(({ kind, name }) => {
    const there = implementations[kind] as Record<string, unknown>
    // A chart that is drawn before anything is written names actions that nobody has.
    const isExpected = kind !== 'actions' || Object.keys(there).length > 0
    return isExpected && !Object.hasOwn(there, name)
  })
}

const missingParts = (system: MachineSystem): Finding[] =>
  missingIn(system).map(({ kind, name, where }) => ({
    where,
    why: `names ${name}, which is not among the chart's ${kind}`,
    mend: `correct the name, or add it to the ${kind} of \`setup\``,
  }))

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [
  node,
  ...Object.values(node.states).flatMap((inner) => nodesOf(inner as AnyStateNode)),
]

type Named = { kind: Kind; name: string; where: string }

function namesIn(node: AnyStateNode): Named[] {
  const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])]
  const delays = node.after.flatMap(({ delay }) => (typeof delay === 'string' ? [delay] : []))
  const actions = [
    ...node.entry,
    ...node.exit,
    ...transitions.flatMap((transition) => transition.actions as readonly unknown[]),
  ]
  const all = {
    guards: transitions.flatMap(({ guard }) => guardNames(guard)),
    actions: actions.map(nameOf).filter((name) => name !== null && !name.startsWith('xstate.')),
    delays: delays.filter((delay) => !/^\d+$/.test(delay)),
  } as Record<Kind, string[]>
  return (Object.keys(all) as Kind[]).flatMap((kind) =>
    [...new Set(all[kind])].map((name) => ({ kind, name, where: node.id })),
  )
}

/** `and`, `or` and `not` are functions that carry the guards they are made of. */
function guardNames(guard: unknown): string[] {
  const { guards } = Object(guard) as { guards?: readonly unknown[] }
  if (guards) return guards.flatMap(guardNames)
  return [nameOf(guard)].filter((name) => name !== null)
}

/** Null of what is written in place. */
function nameOf(part: unknown): string | null {
  if (typeof part === 'string') return part
  if (typeof part !== 'object' || part === null) return null
  const { type } = part as { type?: unknown }
  return typeof type === 'string' ? type : null
}
