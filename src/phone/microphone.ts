/** Without echo cancellation a loudspeaker's agent would interrupt itself. */
const WANTED: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
}

/** Asks the person for the microphone. Rejects with an Error whose message says what is in the way, and how to mend it. */
export async function openMicrophone(): Promise<MediaStream> {
  if (!navigator.mediaDevices || typeof RTCPeerConnection === 'undefined')
    throw new Error('Browsers allow calls only on pages that begin with https. Please open this page so.')
  try {
    return await navigator.mediaDevices.getUserMedia(WANTED)
  } catch (error) {
    throw new Error(wordsFor(error), { cause: error })
  }
}

/** As getUserMedia names its errors: https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia */
function wordsFor(error: unknown): string {
  const { name } = error instanceof DOMException ? error : { name: '' }
  switch (name) {
    case 'NotAllowedError':
      return isFramed()
        ? 'The microphone was not allowed. Allow it beside the address of this page; if you were not asked, open the call in a window of its own.'
        : 'The microphone was not allowed. Allow it for this page, beside its address, and call again.'
    case 'NotFoundError':
      return 'No microphone was found. Plug one in, or choose one in the settings of your computer, and call again.'
    case 'NotReadableError':
      return 'The microphone could not be opened. Perhaps another program uses it: close that, and call again.'
    default:
      return `The microphone could not be opened${name && ` (${name})`}. Try another browser.`
  }
}

const isFramed = (): boolean => window.parent !== window
