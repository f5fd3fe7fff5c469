import { useMemo } from 'react'
import type { Turn } from '../api/calls-api.ts'
import { useNow } from '../api/use-now.ts'
import { Bars, Lane, percent, Ruler } from './axis-parts.tsx'
import { durationWords } from './numbers.ts'
import { Scrubber } from './scrubber.tsx'
import {
  effectSpans,
  eventSpans,
  legSpans,
  relaySpans,
  type Span,
  speechSpans,
  stateSpans,
  type TimerSpan,
  timerSpans,
  voiceSpans,
} from './spans.ts'
import type { CallStep } from './steps.ts'
import type { Cursor } from './use-cursor.ts'
import { type PlacedRecording, useRecordings } from './use-recordings.ts'
import { waveformPath } from './waveform.ts'

type TimeAxisProps = {
  callId: string
  steps: readonly CallStep[]
  turns: readonly Turn[]
  recorded: readonly string[]
  cursor: Cursor
  isLive: boolean
}

/** How often the present of a live call moves on. */
const TICK_MS = 500

/** The whole call from left to right, one lane for each thing that one may want to know; a scrubber over all of it. */
export function TimeAxis({ callId, steps, turns, recorded, cursor, isLive }: TimeAxisProps) {
  const end = useEnd(steps, isLive)
  const beginning = Date.parse(steps[0]?.at ?? '')
  const at = cursor.ms ?? end
  const lanes = useMemo(() => lanesOf(steps, end), [steps, end])
  const speech = useMemo(() => speechSpans(turns, beginning), [turns, beginning])
  const sound = useRecordings(callId, recorded, steps, cursor)
  const stoppingSound = { ...cursor, seek: seekAfter(sound.stop, cursor) }
  return (
    <section className="card axis" aria-labelledby="axis">
      <div className="list-head">
        <h2 id="axis">On one time axis</h2>
        {sound.recordings.length > 0 && (
          <button type="button" className="quiet small" aria-pressed={sound.isPlaying} onClick={sound.toggle}>
            {sound.isPlaying ? 'Pause the recording' : 'Play the recording'}
          </button>
        )}
      </div>
      <div className="lanes">
        <Scrubber at={at} end={end} steps={steps} cursor={stoppingSound} />
        <Ruler end={end} />
        {lanes.plain.map(({ name, spans }) => (
          <Lane key={name} name={name}>
            <Bars spans={spans} end={end} />
          </Lane>
        ))}
        {lanes.timers.map(([name, spans]) => (
          <Lane key={name} name={name} kind="timer" note={dueWords(spans, at, beginning)}>
            <Bars spans={spans} end={end} words={(span) => timerWords(span as TimerSpan)} />
          </Lane>
        ))}
        {(['caller', 'agent'] as const).map((role) => (
          <Lane key={role} name={role === 'caller' ? 'Caller' : 'Agent'} kind="speech">
            <Bars spans={speech.filter(({ kind }) => kind === role)} end={end} />
          </Lane>
        ))}
        <RecordingLane recordings={sound.recordings} end={end} />
      </div>
      <p className="hint">{aboutSound(sound.recordings.length > 0, isLive)}</p>
      <p className="fault" role="status">
        {sound.fault}
      </p>
    </section>
  )
}

type RecordingLaneProps = { recordings: ReturnType<typeof useRecordings>['recordings']; end: number }

function RecordingLane({ recordings, end }: RecordingLaneProps) {
  if (recordings.length === 0) return null
  return (
    <Lane name="Recording" kind="sound">
      {recordings.map((recording) => (
        <Waveform key={recording.conversationId} recording={recording} end={end} />
      ))}
    </Lane>
  )
}

/** A hand on the scrubber takes over from the recording. */
const seekAfter = (stop: () => void, cursor: Cursor) => (ms: number) => {
  stop()
  cursor.seek(ms)
}

type PlainLane = { name: string; spans: Span[] }

/** Without a replay only the record itself is known: states, events, effects. */
function lanesOf(steps: readonly CallStep[], end: number) {
  const plain: PlainLane[] = [
    { name: 'State', spans: stateSpans(steps, end) },
    { name: 'Voice', spans: voiceSpans(steps, end) },
    { name: 'The leg is told', spans: legSpans(steps, end) },
    { name: 'The relay is told', spans: relaySpans(steps, end) },
    { name: 'Events', spans: eventSpans(steps, end) },
    { name: 'Effects', spans: effectSpans(steps, end) },
  ]
  const timers = Map.groupBy(timerSpans(steps, end), ({ name }) => name)
  return { plain: plain.filter(({ spans }) => spans.length > 0), timers: [...timers] }
}

function timerWords({ kind, from, to, due }: TimerSpan): string {
  const whole = durationWords(due - from)
  if (kind === 'fired') return `ran out after ${whole}`
  return kind === 'cancelled' ? `${durationWords(to - from)} of ${whole}` : `${whole}, still running`
}

/** When a timer that runs at the moment that is looked at falls due. */
function dueWords(spans: readonly TimerSpan[], at: number, beginning: number) {
  const running = spans.find(({ from, to, kind }) => from <= at && (at < to || kind === 'running'))
  if (!running || running.due < at) return null
  const due = new Date(beginning + running.due)
  return (
    <>
      in {durationWords(running.due - at)}, at{' '}
      <time dateTime={due.toISOString()}>{due.toLocaleTimeString()}</time>
    </>
  )
}

/** The end of the axis: of a live call, the present. */
function useEnd(steps: readonly CallStep[], isLive: boolean): number {
  const now = useNow(TICK_MS, isLive)
  const last = steps.at(-1)?.ms ?? 0
  const present = isLive ? now - Date.parse(steps[0]?.at ?? '') : 0
  return Math.max(1_000, last, present)
}

function Waveform({
  recording: { from, length, loudness },
  end,
}: {
  recording: PlacedRecording
  end: number
}) {
  return (
    <svg
      className="waveform"
      viewBox={`0 0 ${Math.max(1, loudness.length - 1)} 2`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`A recording of ${durationWords(length)}`}
      style={{ left: percent(from, end), width: `${(length / end) * 100}%` }}
    >
      <path d={waveformPath(loudness)} />
    </svg>
  )
}

const REACH =
  'An agent’s words stand where they began, a caller’s where they ended; how far they reach is reckoned.'

function aboutSound(isRecorded: boolean, isLive: boolean): string {
  if (isRecorded) return `${REACH} The recording is the voice vendor’s own, of both sides.`
  return isLive
    ? `${REACH} A recording comes after the call, if the voice vendor sends one.`
    : `${REACH} The voice vendor has sent no recording.`
}
