import { type ReactNode, useEffect, useRef } from 'react'
import type { LevelHistory } from '../audio/level-history.ts'
import { drawLevels } from './draw-levels.ts'

/** Assistive technology reads the value now and then; more often would only cost. */
const VALUE_EVERY_MS = 500

type LevelMeterProps = { name: string; icon: ReactNode; kind: 'spoken' | 'heard'; history: LevelHistory }

/** How loud one direction of the call is, drawn for every picture of the screen and beside React, which need not know. */
export function LevelMeter({ name, icon, kind, history }: LevelMeterProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const meter = useRef<HTMLMeterElement>(null)
  useEffect(() => {
    let toldAt = 0
    const draw = (time: number) => {
      if (canvas.current) drawLevels(canvas.current, history)
      if (time - toldAt > VALUE_EVERY_MS) {
        if (meter.current) meter.current.value = history.at(0)
        toldAt = time
      }
      next = requestAnimationFrame(draw)
    }
    let next = requestAnimationFrame(draw)
    return () => cancelAnimationFrame(next)
  }, [history])

  return (
    <div className="level" data-kind={kind}>
      <span className="level-name">
        {icon}
        {name}
      </span>
      <meter
        ref={meter}
        className="for-screen-readers"
        aria-label={`Level: ${name}`}
        min={0}
        max={1}
        value={0}
      />
      <canvas ref={canvas} />
    </div>
  )
}
