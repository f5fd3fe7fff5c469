import type { ActorDefinition } from '../../src/actors/actor-definition.ts'
import type { ActorRow, Job } from '../../src/actors/actor-store.ts'
import { Charts } from '../../src/actors/charts.ts'
import { deliveryJob } from '../../src/actors/deliveries.ts'
import { systemOf } from '../../src/actors/machine-system.ts'
import type { ActorTable } from '../../src/persistence/prepared/actor-statements.ts'
import { type TurnstileEffect, type TurnstileEvent, turnstileMachine } from './turnstile.machine.ts'

/* The second kind of actor, after calls: what docs/add-a-machine.md shows. */

export type TurnstileTypes = {
  system: ReturnType<typeof systemOf>
  row: ActorRow & { hall: string }
  key: never
  event: TurnstileEvent
  effect: TurnstileEffect
  view: { place: string; coins: number; passed: number }
  columns: { isOpen: boolean; passed: number }
  end: { passed: number }
}

const charts = new Charts({ system: systemOf(turnstileMachine) })

type Machine = { value: unknown; context: { coins: number; passed: number } }

const viewOf = (machines: Readonly<Record<string, unknown>>): TurnstileTypes['view'] => {
  const { value, context } = machines.turnstile as Machine
  return { place: String(value), coins: context.coins, passed: context.passed }
}

const UNKNOWN = { place: 'unknown', coins: 0, passed: 0 }

export const turnstile: ActorDefinition<TurnstileTypes> = {
  kind: 'turnstile',
  charts,
  view: ({ machines }) => viewOf(machines),
  viewOfRow(row) {
    const saved = charts.restore(row)
    return saved ? viewOf(saved.machines) : UNKNOWN
  },
  placeOf: ({ place }) => place,
  project: ({ view: { place, passed } }) => ({ isOpen: place === 'open', passed }),
  jobs: (effects, { id, seq }) =>
    effects.flatMap((effect, index) => jobOf(effect, { id, key: `${id}.${seq}.${index}` })),
  retire: ({ snapshot }) => ({
    stateAfter: 'closed',
    snapshot,
    view: UNKNOWN,
    effects: [],
    end: { passed: 0 },
  }),
  isQuestion: ({ type }) => type === 'coin',
}

function jobOf({ type, params }: TurnstileEffect, { id, key }: { id: string; key: string }): Job[] {
  if (type === 'refund')
    return [{ task: 'refund', payload: { id, ...params }, key, queue: null, attempts: 3 }]
  if (params.to === null) return []
  return [deliveryJob({ kind: 'turnstile', id: params.to, event: { type: 'coin' }, eventId: key })]
}

export const TURNSTILE_TABLE: ActorTable = {
  kind: 'turnstile',
  table: 'turnstile',
  fields: { hall: 'text' },
  projection: { isOpen: 'boolean', passed: 'int' },
}

export const TURNSTILE_TABLES = `
create table turnstile (
  id uuid primary key,
  hall text not null,
  is_open boolean not null,
  passed int not null,
  snapshot jsonb not null,
  chart_version text not null,
  node_id uuid,
  last_seq int not null,
  started_at timestamptz not null,
  ended_at timestamptz
);
create table turnstile_event (
  turnstile_id uuid not null references turnstile on delete cascade,
  seq int not null,
  event_id text,
  type text not null,
  event jsonb not null,
  state_before text not null,
  state_after text not null,
  effects jsonb not null,
  snapshot jsonb,
  chart_version text,
  at timestamptz not null,
  primary key (turnstile_id, seq),
  unique (turnstile_id, event_id)
);
create table turnstile_timer (
  turnstile_id uuid not null references turnstile on delete cascade,
  timer_id text not null,
  due_at timestamptz not null,
  failures int not null default 0,
  primary key (turnstile_id, timer_id)
);
create index turnstile_timer_due on turnstile_timer (due_at);`
