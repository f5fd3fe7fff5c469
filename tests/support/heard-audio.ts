import { expect } from 'vitest'
import { linearSamples } from '../../src/audio/linear.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import { patchAgent } from '../../src/simulator/elevenlabs/agent-config.ts'
import type { AgentAudioFormat } from '../../src/simulator/elevenlabs/audio-format.ts'
import type { ConversationRecord } from '../../src/simulator/elevenlabs/conversation-record.ts'
import type { CallRecord } from './call-record.ts'
import { likeness, loudMoments, purest } from './tones.ts'
import { AGENT, type World } from './world.ts'

/** What the stories' callers say: a tone of 318 Hz. */
export const CALLERS_TONE = { frequency: 8000 / (2 * Math.PI * 4), amplitude: 9000 }

/** Sets the agent's formats at the vendor, as its owner would. */
export function setFormats({ vendor }: World, hears: AgentAudioFormat, speaks: AgentAudioFormat): void {
  const agent = vendor.agents.get(AGENT)
  if (!agent) throw new Error('The simulated vendor has no agent.')
  const formats = {
    asr: { user_input_audio_format: hears },
    tts: { agent_output_audio_format: speaks },
  }
  vendor.agents.set(AGENT, patchAgent(agent, { conversation_config: formats }))
}

/** To listen is work, and the carrier's frames would come late if that were done all the time. */
const LISTENING = { interval: 200, timeout: 20_000 }
/** A machine that is busy for a moment tears a hole into a tone, which is then said again. */
const SAID_AGAIN_AFTER_MS = 3_000

/**
 * Resolves when the caller has heard the agent's first words, as they were spoken: one loud moment of them is enough, since a
 * busy machine tears holes into others. `heard` is at 8 kHz.
 */
export async function hearsFirstWords(call: CallRecord, heard: () => Int16Array): Promise<void> {
  const [{ voiceId }, [turn]] = await Promise.all([call.conversation(1), call.hasTurns(1)])
  const moments = loudMoments(decodeMuLaw(speak(turn?.text ?? '', voiceId ?? undefined)))
  const [{ length }] = moments
  const fresh = freshOf(heard, length)
  const likest = () => {
    const now = fresh()
    return Math.max(...moments.map((moment) => likeness(now, moment)))
  }
  // Where samples lie between those that were spoken, they are a little different.
  await expect.poll(likest, LISTENING).toBeGreaterThan(0.93)
}

/**
 * Resolves when the caller's tone, which `say` says for a second or more, has reached the agent, as loud as it was and without
 * any noise but mu-law's.
 */
export async function hearsTone(
  conversation: ConversationRecord,
  format: AgentAudioFormat,
  say: () => void,
): Promise<void> {
  const rate = Number(format.split('_')[1])
  const fresh = freshOf(() => {
    const bytes = Buffer.concat(conversation.callerAudio)
    return format === 'ulaw_8000' ? decodeMuLaw(bytes) : linearSamples(bytes)
  }, rate)
  let saidAt = Number.NEGATIVE_INFINITY
  const heard = () => {
    if (performance.now() - saidAt > SAID_AGAIN_AFTER_MS) {
      say()
      saidAt = performance.now()
    }
    return purest(fresh(), CALLERS_TONE.frequency, rate)
  }
  let tone = heard()
  const clearest = () => {
    tone = heard()
    return tone.snr
  }
  await expect.poll(clearest, LISTENING).toBeGreaterThan(30)
  expect(tone.amplitude / CALLERS_TONE.amplitude).toBeCloseTo(1, 1)
}

/** What has come since the last look, and so many samples before it: to listen to all of it again takes longer each time. */
function freshOf(all: () => Int16Array, overlap: number): () => Int16Array {
  let known = 0
  return () => {
    const now = all()
    const fresh = now.subarray(Math.max(0, known - overlap))
    known = now.length
    return fresh
  }
}
