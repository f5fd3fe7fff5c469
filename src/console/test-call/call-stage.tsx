import { useEffect, useRef } from 'react'
import type { Call, CallRecord } from '../api/calls-api.ts'
import { journeyOf, stateOf, voiceOf } from '../call/call-story.ts'
import { JourneySteps } from '../call/journey-steps.tsx'
import { type Happening, happening } from '../call/state-labels.ts'
import { Trouble } from '../call/trouble.tsx'
import { HangUpIcon, MicrophoneIcon, SpeakerIcon } from '../icons.tsx'
import { ElapsedClock } from './elapsed-clock.tsx'
import { LevelMeter } from './level-meter.tsx'
import type { Speaker, TestCall, TestCallState } from './test-call.ts'

type Known = {
  records: readonly CallRecord[]
  /** Only known once the call has ended. */
  outcome: Call['outcome']
}

type CallStageProps = Known & { testCall: TestCall; state: TestCallState }

const SPEAKER_WORDS: Record<Speaker, string> = {
  nobody: 'You speak',
  asking: 'Allow the microphone, please',
  microphone: 'Your microphone',
  recording: 'Recorded caller',
}

/** A call as it happens: where it is and how it sounds. */
export function CallStage({ testCall, state, records, outcome }: CallStageProps) {
  const isOver = state.phase === 'over'
  const now = happeningNow(state, { records, outcome })
  return (
    <section className="card stage" data-tone={now.tone} aria-labelledby="call-title">
      <div className="happening" role="status">
        <h1 id="call-title">{now.title}</h1>
        <p>{now.sentence}</p>
        <Trouble records={records} />
      </div>
      <ElapsedClock state={state} />
      <JourneySteps journey={journeyOf(records)} />
      {!isOver && (
        <>
          <div className="meters">
            <LevelMeter
              name={SPEAKER_WORDS[state.speaker]}
              icon={<MicrophoneIcon />}
              kind="spoken"
              history={testCall.spoken}
            />
            <LevelMeter name="What you hear" icon={<SpeakerIcon />} kind="heard" history={testCall.heard} />
          </div>
          {state.notice && <p className="hint speaker-notice">{state.notice}</p>}
          <HangUpButton testCall={testCall} isHangingUp={state.phase === 'hanging-up'} />
        </>
      )}
    </section>
  )
}

function happeningNow({ phase, fault }: TestCallState, { records, outcome }: Known): Happening {
  if (fault) return brokenPhone(fault)
  if (phase === 'over' && records.length === 0) return NEVER_TAKEN
  return happening(stateOf(records), voiceOf(records), outcome)
}

const NEVER_TAKEN: Happening = {
  title: 'Call ended',
  sentence: 'It was over before the service had taken it.',
  tone: 'calm',
}

const brokenPhone = (fault: string): Happening => ({
  title: 'The call did not work',
  sentence: fault,
  tone: 'bad',
})

function HangUpButton({ testCall, isHangingUp }: { testCall: TestCall; isHangingUp: boolean }) {
  const button = useRef<HTMLButtonElement>(null)
  // The button that placed the call had the focus and is gone.
  useEffect(() => button.current?.focus({ preventScroll: true }), [])
  return (
    <button
      ref={button}
      type="button"
      className="hang-up"
      aria-disabled={isHangingUp}
      onClick={() => testCall.hangUp()}
    >
      <HangUpIcon />
      {isHangingUp ? 'Hanging up…' : 'Hang up'}
    </button>
  )
}
