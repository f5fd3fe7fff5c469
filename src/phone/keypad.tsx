import { useState } from 'react'

const KEYS = [...'123456789*0#']
const NAMES: Readonly<Record<string, string>> = { '*': 'Star', '#': 'Hash' }

/** The twelve keys of a telephone, out of the way until they are asked for; the computer's own keys do as well. */
export function Keypad({ onPress }: { onPress: (key: string) => void }) {
  const [isOpen, setOpen] = useState(false)
  const [pressed, setPressed] = useState('')
  const press = (key: string) => {
    setPressed((before) => (before + key).slice(-MOST_SHOWN))
    onPress(key)
  }
  return (
    <>
      <button
        type="button"
        className="quiet"
        aria-expanded={isOpen}
        aria-controls="keypad"
        onClick={() => setOpen(!isOpen)}
      >
        Keypad
      </button>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: whoever types is in one of its buttons. */}
      <div
        id="keypad"
        className="keypad"
        hidden={!isOpen}
        onKeyDown={({ key }) => KEYS.includes(key) && press(key)}
      >
        <output className="pressed" aria-label="Keys that were pressed">
          {pressed}
        </output>
        {KEYS.map((key) => (
          <button
            type="button"
            key={key}
            className="quiet key"
            aria-label={NAMES[key] ?? key}
            onClick={() => press(key)}
          >
            {key}
          </button>
        ))}
      </div>
    </>
  )
}

const MOST_SHOWN = 20
