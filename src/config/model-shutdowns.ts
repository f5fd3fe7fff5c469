/*
 * Models of OpenAI's that an agent can be set up with and that have an announced end:
 * https://developers.openai.com/api/docs/deprecations, as the types of the `openai` package 7.59.0 repeat it (Realtime: the `model`
 * of RealtimeSessionCreateRequest; transcription: the `model` of AudioTranscription).
 */

/** As long before its end that a model is warned of: time enough to try another. */
const WARNED_DAYS = 90
const DAY_MS = 86_400_000

const REALTIME_ENDS = '2027-01-20'
const TRANSCRIPTION_ENDS = '2027-02-26'

const SHUTDOWN_OF: ReadonlyMap<string, string> = new Map([
  ...['gpt-realtime', 'gpt-realtime-2025-08-28'].map((name) => [name, REALTIME_ENDS] as const),
  ...['gpt-realtime-mini', 'gpt-realtime-mini-2025-12-15'].map((name) => [name, REALTIME_ENDS] as const),
  ...['gpt-audio-mini', 'gpt-audio-mini-2025-12-15'].map((name) => [name, REALTIME_ENDS] as const),
  ...['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-transcribe-diarize'].map(
    (name) => [name, TRANSCRIPTION_ENDS] as const,
  ),
  ...['gpt-4o-mini-transcribe', 'gpt-4o-mini-transcribe-2025-12-15'].map(
    (name) => [name, TRANSCRIPTION_ENDS] as const,
  ),
])

/** The day on which this model ends, as 2027-01-20, when that is near or past; else null. */
export function shutdownNear(model: string, now: Date): string | null {
  const day = SHUTDOWN_OF.get(model)
  return day !== undefined && Date.parse(day) - now.getTime() <= WARNED_DAYS * DAY_MS ? day : null
}
