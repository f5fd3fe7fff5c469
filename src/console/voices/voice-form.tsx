import type { FormEvent } from 'react'
import { request } from '../api/calls-api.ts'
import { useWrite } from '../api/use-write.ts'
import { FaultLines } from '../parts/fault-lines.tsx'
import { Labelled } from '../parts/labelled.tsx'
import { trustOptions } from './voice-trust.tsx'

/** Puts a voice on file. What was written stays when the service does not like it. */
export function VoiceForm() {
  const saving = useWrite({
    ask: async (form: HTMLFormElement) => {
      const fields = new FormData(form)
      const callerId = String(fields.get('callerId') ?? '').trim()
      fields.delete('callerId')
      for (const left of ['name', 'trust']) if (String(fields.get(left)).trim() === '') fields.delete(left)
      await request(`/api/v1/voices/${encodeURIComponent(callerId)}`, { method: 'PUT', body: fields })
      form.reset()
      return callerId
    },
    changes: '/api/v1/voices',
  })
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    saving.mutate(event.currentTarget)
  }

  return (
    <section className="card" aria-labelledby="new-voice">
      <h2 id="new-voice">Put a voice on file</h2>
      <form className="fields" onSubmit={save}>
        <PersonFields />
        <SampleFields />
        <FaultLines fault={saving.error} />
        <p role="status" className="saved">
          {saving.data && `The voice of ${saving.data} is on file.`}
        </p>
        <button type="submit" disabled={saving.isPending}>
          {saving.isPending ? 'Sending…' : 'Put on file'}
        </button>
      </form>
    </section>
  )
}

function PersonFields() {
  return (
    <>
      <Labelled name="Caller" hint="A number in any spelling; a voice that is there is replaced.">
        <input name="callerId" placeholder="+15551234567" required autoComplete="off" />
      </Labelled>
      <Labelled name="Name">
        <input name="name" placeholder="Ann" autoComplete="off" />
      </Labelled>
      <Labelled name="Consent" hint="Who agreed to the cloning, and when.">
        <input name="consent" placeholder="Ann Example, 2026-11-20" required autoComplete="off" />
      </Labelled>
    </>
  )
}

function SampleFields() {
  return (
    <>
      <Labelled
        name="Samples"
        hint="WAV, MP3, M4A, OGG, FLAC, WebM or AAC; one to ten files of 10 MB at most."
      >
        <input
          type="file"
          name="sample"
          accept=".wav,.mp3,.m4a,.ogg,.flac,.webm,.aac,audio/*"
          multiple
          required
        />
      </Labelled>
      <Labelled name="Heard by" hint="Whoever else calls from this number hears the default voice.">
        <select name="trust">
          <option value="">as before; when new, as the settings say</option>
          {trustOptions}
        </select>
      </Labelled>
    </>
  )
}
