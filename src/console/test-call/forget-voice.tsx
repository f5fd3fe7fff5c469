import { forgetVoice } from '../api/calls-api.ts'
import { useWrite } from '../api/use-write.ts'
import type { Kept } from './use-kept-voice.ts'

/** A clone is kept for later calls, which then have no hold; to see the cloning again it has to go. */
export function ForgetVoice({ caller, kept }: { caller: string; kept: Kept }) {
  const forgetting = useWrite({ ask: () => forgetVoice(caller), changes: '/api/v1/voices' })
  if (kept !== 'clone') return forgetting.isSuccess ? <Gone /> : null
  return (
    <div className="notice" role="status">
      <p className="notice-words">
        {forgetting.error
          ? `The clone could not be deleted. ${forgetting.error.message}`
          : 'The recorded caller’s voice is kept from an earlier call, so there is no hold.'}
      </p>
      <button
        type="button"
        className="quiet"
        disabled={forgetting.isPending}
        onClick={() => forgetting.mutate()}
      >
        Clone it anew next time
      </button>
    </div>
  )
}

function Gone() {
  return (
    <div className="notice" role="status">
      <p className="notice-words">The clone is gone. The next call waits on hold for a new one.</p>
    </div>
  )
}
