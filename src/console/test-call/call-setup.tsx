import { useEffect, useRef } from 'react'
import { PhoneIcon } from '../icons.tsx'
import { CalledAgent } from './called-agent.tsx'
import { DEMO_CALLERS } from './demo-callers.ts'
import { ForgetVoice } from './forget-voice.tsx'
import type { Wishes } from './test-call.ts'
import { useKeptVoice } from './use-kept-voice.ts'

type CallSetupProps = {
  wishes: Wishes
  onWish: (wishes: Wishes) => void
  onPlace: () => void
  isAfterCall: boolean
}

/** Who calls, who speaks, and the button. */
export function CallSetup({ wishes, onWish, onPlace, isAfterCall }: CallSetupProps) {
  const kept = useKeptVoice(DEMO_CALLERS[0].number)
  const button = useRef<HTMLButtonElement>(null)
  // The button to hang up had the focus and is gone: whoever uses a keyboard goes on from here.
  useEffect(() => {
    const isFocusLost = document.activeElement === document.body
    if (isAfterCall && isFocusLost) button.current?.focus({ preventScroll: true })
  }, [isAfterCall])

  return (
    <form
      className="card setup"
      data-after-call={isAfterCall}
      onSubmit={(event) => {
        event.preventDefault()
        onPlace()
      }}
    >
      <fieldset className="callers">
        <legend>Who calls?</legend>
        {DEMO_CALLERS.map(({ number, name, hint }) => (
          <label key={number} className="choice">
            <input
              type="radio"
              name="caller"
              value={number}
              checked={wishes.from === number}
              onChange={() => onWish({ ...wishes, from: number })}
            />
            <span className="choice-name">{name}</span>
            <span className="hint">{hint(kept)}</span>
          </label>
        ))}
      </fieldset>
      <ForgetVoice caller={DEMO_CALLERS[0].number} kept={kept} />
      <CalledAgent to={wishes.to} onCall={(to) => onWish({ ...wishes, to })} />
      <MicrophoneSwitch {...{ wishes, onWish }} />
      <button ref={button} type="submit" className="place-call">
        <PhoneIcon />
        Place a test call
      </button>
    </form>
  )
}

function MicrophoneSwitch({ wishes, onWish }: Pick<CallSetupProps, 'wishes' | 'onWish'>) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        checked={wishes.useMicrophone}
        onChange={({ target }) => onWish({ ...wishes, useMicrophone: target.checked })}
      />
      <span>
        Speak with my microphone
        <span className="hint">
          {wishes.useMicrophone
            ? 'Without your permission, a recorded caller speaks for you.'
            : 'A recorded caller speaks for you.'}
        </span>
      </span>
    </label>
  )
}
