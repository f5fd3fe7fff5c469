import { useState } from 'react'
import { forgetVoice } from '../api/calls-api.ts'

type Progress = 'offered' | 'asked' | 'done' | { fault: string }

/** A clone is kept for later calls, which then have no hold; to see the cloning again it has to go. */
export function ForgetVoice({ caller }: { caller: string }) {
  const [progress, setProgress] = useState<Progress>('offered')
  const forget = async () => {
    setProgress('asked')
    await forgetVoice(caller).then(
      () => setProgress('done'),
      (error: Error) => setProgress({ fault: error.message }),
    )
  }
  return (
    <div className="notice" role="status">
      {progress === 'done' ? (
        <p className="notice-words">The clone is gone. The next call waits on hold for a new one.</p>
      ) : (
        <>
          <p className="notice-words">
            {typeof progress === 'object'
              ? `The clone could not be deleted. ${progress.fault}`
              : 'This voice was cloned for an earlier call and kept, so there was no hold.'}
          </p>
          <button
            type="button"
            className="quiet"
            disabled={progress === 'asked'}
            onClick={() => void forget()}
          >
            Clone it anew next time
          </button>
        </>
      )}
    </div>
  )
}
