import { eventToday } from '../../machines/call/from-chart-3.ts'
import type { ActorDefinition } from '../actors/actor-definition.ts'
import { effectJobs } from './effect-jobs.ts'
import { readableBefore } from './for-release-before.ts'
import { withNamedLeg } from './named-leg.ts'
import { projectCall } from './project-call.ts'
import { retireCall, stateOfRow } from './retire.ts'
import { callCharts } from './saved-call.ts'
import type { CallTypes } from './store.ts'
import { placeOf, viewOf } from './view.ts'

/** Who says these waits for an answer, and says the same again when there is none. */
const QUESTIONS: readonly CallTypes['event']['type'][] = [
  'leg.instructionsRequested',
  'leg.streamEnded',
  'media.joined',
]

/** All that the host of actors knows of calls. */
export const callDefinition: ActorDefinition<CallTypes> = {
  kind: 'call',
  charts: callCharts,
  view: viewOf,
  viewOfRow: stateOfRow,
  placeOf,
  addressed: (event, address, row) =>
    typeof address === 'string' ? event : withNamedLeg(event, address, row),
  eventToday,
  save: readableBefore,
  project: projectCall,
  jobs: (effects, { id, view, seq }) => effectJobs(effects, { callId: id, state: view.state, seq }),
  retire: retireCall,
  isQuestion: ({ type }) => QUESTIONS.includes(type),
}
