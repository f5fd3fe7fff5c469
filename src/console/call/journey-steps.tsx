import { type Journey, PARTS, type Part, type PartStatus } from './call-story.ts'
import { durationWords } from './numbers.ts'

const PART_WORDS: Record<Part, string> = { greeting: 'Greeting', hold: 'Hold', agent: 'Agent', end: 'End' }
const STATUS_WORDS: Record<PartStatus, string> = {
  ahead: 'to come',
  current: 'now',
  done: 'done',
  skipped: 'skipped',
  missed: 'not reached',
}

/** The four parts of a call, with the time that each took. */
export function JourneySteps({ journey }: { journey: Journey }) {
  return (
    <ol className="journey" aria-label="The call’s parts">
      {PARTS.map((part) => {
        const { status, milliseconds } = journey[part]
        const wasTimed = status === 'done' && part !== 'end'
        return (
          <li key={part} data-status={status} aria-current={status === 'current' ? 'step' : undefined}>
            <span className="step-name">{PART_WORDS[part]}</span>
            <span className="step-note">{wasTimed ? durationWords(milliseconds) : STATUS_WORDS[status]}</span>
          </li>
        )
      })}
    </ol>
  )
}
