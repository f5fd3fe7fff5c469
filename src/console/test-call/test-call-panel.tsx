import { useState } from 'react'
import { Conversation } from '../call/conversation.tsx'
import { Timeline } from '../call/timeline.tsx'
import { timelineOf } from '../call/timeline-entries.ts'
import { useFollowedCall, useOutcome } from '../call/use-followed-call.ts'
import { hrefOfCall } from '../routing/hash-route.ts'
import { useStore } from '../store.ts'
import { CallSetup } from './call-setup.tsx'
import { CallStage } from './call-stage.tsx'
import { DEMO_CALLERS } from './demo-callers.ts'
import type { TestCall, Wishes } from './test-call.ts'

/** The page's heart: place a call, live through it, look at what it was. */
export function TestCallPanel({ testCall }: { testCall: TestCall }) {
  const state = useStore(testCall.state)
  const { records, turns } = useFollowedCall(state.followed)
  const outcome = useOutcome(state.followed)
  const [wishes, setWishes] = useState<Wishes>({
    from: DEMO_CALLERS[0].number,
    to: null,
    useMicrophone: true,
  })
  const isCalling = state.phase !== 'idle' && state.phase !== 'over'

  return (
    <>
      {state.phase === 'idle' && <Introduction />}
      {state.phase !== 'idle' && <CallStage {...{ testCall, state, records, outcome }} />}
      {state.followed && (
        <p className="to-chart">
          <a href={hrefOfCall(state.followed.callId)}>See this call in its statechart</a>
        </p>
      )}
      {!isCalling && (
        <CallSetup
          wishes={wishes}
          onWish={setWishes}
          onPlace={() => {
            void testCall.place(wishes)
            // What happens now is shown at the top.
            scrollTo(0, 0)
          }}
          isAfterCall={state.phase === 'over'}
        />
      )}
      {records.length > 0 && (
        <div className="columns">
          <Conversation turns={turns} isOver={state.phase === 'over'} />
          <Timeline entries={timelineOf(records)} />
        </div>
      )}
    </>
  )
}

function Introduction() {
  return (
    <div className="introduction">
      <h1>Hear what your callers hear</h1>
      <p>
        A test call runs the whole path: a greeting at once, hold music while the caller’s voice is cloned,
        and then the agent, speaking in it.
      </p>
    </div>
  )
}
