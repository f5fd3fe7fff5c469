import { useState } from 'react'
import { forgetVoice } from '../api/calls-api.ts'
import type { Kept } from './use-kept-voice.ts'

type ForgetVoiceProps = { caller: string; kept: Kept; onForgotten: () => void }
type Progress = 'offered' | 'asked' | 'done' | { fault: string }

/** A clone is kept for later calls, which then have no hold; to see the cloning again it has to go. */
export function ForgetVoice({ caller, kept, onForgotten }: ForgetVoiceProps) {
  const [progress, setProgress] = useState<Progress>('offered')
  if (kept !== 'clone' && progress !== 'done') return null
  const forget = async () => {
    setProgress('asked')
    await forgetVoice(caller).then(
      () => {
        setProgress('done')
        onForgotten()
      },
      (error: Error) => setProgress({ fault: error.message }),
    )
  }
  if (progress === 'done' && kept !== 'clone') {
    return (
      <div className="notice" role="status">
        <p className="notice-words">The clone is gone. The next call waits on hold for a new one.</p>
      </div>
    )
  }
  return (
    <div className="notice" role="status">
      <p className="notice-words">
        {typeof progress === 'object'
          ? `The clone could not be deleted. ${progress.fault}`
          : 'The recorded caller’s voice is kept from an earlier call, so there is no hold.'}
      </p>
      <button type="button" className="quiet" disabled={progress === 'asked'} onClick={() => void forget()}>
        Clone it anew next time
      </button>
    </div>
  )
}
