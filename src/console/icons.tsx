/*
 * The few pictures of the console. All stand beside words, so a screen reader passes them by.
 */

function Icon({ path, transform }: { path: string; transform?: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={path} transform={transform} />
    </svg>
  )
}

const HANDSET =
  'M6.2 3.5h2.6l1.6 4.3-2 1.6a12 12 0 0 0 6.2 6.2l1.6-2 4.3 1.6v2.6a2.2 2.2 0 0 1-2.4 2.2A16.4 16.4 0 0 1 4 5.9a2.2 2.2 0 0 1 2.2-2.4Z'

export const PhoneIcon = () => <Icon path={HANDSET} />

export const HangUpIcon = () => <Icon path={HANDSET} transform="rotate(135 12 12)" />

export const MicrophoneIcon = () => (
  <Icon path="M12 3.5a3 3 0 0 1 3 3V11a3 3 0 0 1-6 0V6.5a3 3 0 0 1 3-3ZM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v2.5" />
)

export const SpeakerIcon = () => (
  <Icon path="M4.5 9.5v5H8l4.5 4v-13L8 9.5H4.5ZM16 9a4.2 4.2 0 0 1 0 6M18.5 6.5a7.8 7.8 0 0 1 0 11" />
)
