import { type ReactNode, useEffect, useRef, useState } from 'react'
import { clockWords, phoneNumberWords } from '../console/call/numbers.ts'
import { HangUpIcon, MicrophoneIcon, PhoneIcon } from '../console/icons.tsx'
import { useStore } from '../console/store.ts'
import { Keypad } from './keypad.tsx'
import type { PhoneCall, PhoneState } from './phone-call.ts'
import { wordsOf } from './state-words.ts'

const TICK_MS = 250

/** A telephone with one number. */
export function PhonePage({ call }: { call: PhoneCall }) {
  const state = useStore(call.state)
  const { title, sentence, tone } = wordsOf(state)
  const callee = state.link ? phoneNumberWords(state.link.callee) : null
  useEffect(() => {
    document.title = callee === null ? title : `${title} · ${callee}`
  }, [title, callee])
  return (
    <div
      className="card handset"
      data-phase={state.phase}
      data-state={state.callState ?? undefined}
      data-tone={tone}
    >
      {callee !== null && <p className="callee">{callee}</p>}
      <div className="happening" role="status">
        <h1>{title}</h1>
        <p>{sentence}</p>
        {state.isOffline && state.phase === 'live' && (
          <p className="hint">The connection is gone and is made again; the call may go on meanwhile.</p>
        )}
      </div>
      <Clock state={state} />
      <Controls call={call} state={state} />
    </div>
  )
}

function Controls({ call, state: { phase, isMuted } }: { call: PhoneCall; state: PhoneState }) {
  switch (phase) {
    case 'ready':
      return (
        <Big className="place-call" onPress={() => void call.place()}>
          <PhoneIcon />
          Call
        </Big>
      )
    case 'dialing':
    case 'ringing':
      return <HangUp call={call} name="Cancel" />
    case 'live':
      return (
        <>
          <div className="in-call">
            <button
              type="button"
              className="quiet"
              aria-pressed={isMuted}
              onClick={() => call.mute(!isMuted)}
            >
              <MicrophoneIcon />
              Mute
            </button>
            <Keypad onPress={(key) => call.press(key)} />
          </div>
          <HangUp call={call} name="Hang up" />
        </>
      )
    default:
      return null
  }
}

const HangUp = ({ call, name }: { call: PhoneCall; name: string }) => (
  <Big className="hang-up" onPress={() => call.hangUp()}>
    <HangUpIcon />
    {name}
  </Big>
)

type BigProps = { className: string; onPress: () => void; children: ReactNode }

/** The button that was pressed before is gone, and this one has its focus: nobody has to look for it. */
function Big({ className, onPress, children }: BigProps) {
  const button = useRef<HTMLButtonElement>(null)
  useEffect(() => button.current?.focus({ preventScroll: true }), [])
  return (
    <button ref={button} type="button" className={className} onClick={onPress}>
      {children}
    </button>
  )
}

/** It is not announced: a screen reader would speak of nothing else. */
function Clock({ state: { answeredAt, endedAt } }: { state: PhoneState }) {
  const [now, setNow] = useState(() => performance.now())
  const isRunning = answeredAt !== null && endedAt === null
  useEffect(() => {
    if (!isRunning) return
    const ticking = setInterval(() => setNow(performance.now()), TICK_MS)
    return () => clearInterval(ticking)
  }, [isRunning])
  if (answeredAt === null) return null
  return (
    <div className="clock" role="timer" aria-label="Length of the call">
      {clockWords(Math.max(0, (endedAt ?? now) - answeredAt))}
    </div>
  )
}
