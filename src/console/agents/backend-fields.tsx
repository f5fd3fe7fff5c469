import type { Agent, AgentBackendList } from '../../http/agents/agents-routes.ts'
import { Labelled } from '../parts/labelled.tsx'

type Traits = AgentBackendList['backends'][number]

/** What can be set of an agent depends on who speaks; a field that is not there is sent as null. */
export function BackendFields({ agent, traits }: { agent: Agent | null; traits: Traits }) {
  // What was set up with another vendor means nothing to this one.
  const own = agent?.backend === traits.backend ? agent : null
  return (
    <>
      {!traits.speaksClones && (
        <p className="hint">
          {traits.label} cannot speak cloned voices: every caller hears the voice below, and nobody waits for
          a clone.
        </p>
      )}
      {traits.hasVendorAgents ? (
        <Labelled name="Vendor’s agent id" hint="Empty: the one in the settings.">
          <input name="vendorAgentId" defaultValue={own?.vendorAgentId ?? ''} autoComplete="off" />
        </Labelled>
      ) : (
        <Labelled name="Model" hint="Empty: the one in the settings.">
          <input name="model" defaultValue={own?.model ?? ''} autoComplete="off" />
        </Labelled>
      )}
      <VoiceField voiceId={own?.voiceId ?? null} voices={traits.voices} />
      {traits.turnDetection.length > 0 && <TurnDetectionFields own={own?.turnDetection ?? null} />}
    </>
  )
}

function VoiceField({ voiceId, voices }: { voiceId: string | null; voices: Traits['voices'] }) {
  const hint = voices
    ? 'One of the list, or the id of a voice of your account, like voice_123. Empty: the model’s.'
    : 'For callers without a voice of their own. Empty: the agent’s.'
  return (
    <Labelled name={voices ? 'Voice' : 'Voice id'} hint={hint}>
      <input
        name="voiceId"
        list={voices ? 'agent-voices' : undefined}
        defaultValue={voiceId ?? ''}
        autoComplete="off"
      />
      {voices && (
        <datalist id="agent-voices">
          {voices.map((voice) => (
            <option key={voice} value={voice} />
          ))}
        </datalist>
      )}
    </Labelled>
  )
}

const EAGERNESS = ['low', 'medium', 'high']

/** A silence in milliseconds and an eagerness are the two that people turn; what else was set by the API is kept. */
function TurnDetectionFields({ own }: { own: Agent['turnDetection'] }) {
  return (
    <Labelled name="Answers" hint="How it tells that the caller has stopped speaking.">
      <select name="turnDetection" defaultValue={own ? JSON.stringify(own) : ''}>
        <option value="">after a silence, as the vendor has it</option>
        {own && <option value={JSON.stringify(own)}>as it is set up: {wordsOf(own)}</option>}
        {[300, 800, 1_200].map((silenceDurationMs) => (
          <option
            key={silenceDurationMs}
            value={JSON.stringify({ type: 'server_vad', silenceDurationMs })}
          >{`after ${silenceDurationMs} ms of silence`}</option>
        ))}
        {EAGERNESS.map((eagerness) => (
          <option
            key={eagerness}
            value={JSON.stringify({ type: 'semantic_vad', eagerness })}
          >{`when a sentence is complete, eagerness ${eagerness}`}</option>
        ))}
      </select>
    </Labelled>
  )
}

const wordsOf = ({ type, ...rest }: NonNullable<Agent['turnDetection']>): string =>
  [type, ...Object.entries(rest).map(([name, value]) => `${name} ${value}`)].join(', ')

/** The choice as the API takes it; null is the vendor's own. */
export function turnDetectionIn(form: FormData): object | null {
  const chosen = String(form.get('turnDetection') ?? '')
  return chosen ? JSON.parse(chosen) : null
}
