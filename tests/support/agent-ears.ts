import { expect } from 'vitest'
import { linearSamples } from '../../src/audio/linear.ts'
import { decodeMuLaw } from '../../src/audio/mulaw.ts'
import { speak } from '../../src/simulator/assets/speech.ts'
import { patchAgent } from '../../src/simulator/elevenlabs/agent-config.ts'
import type { AgentAudioFormat } from '../../src/simulator/elevenlabs/audio-format.ts'
import type { ConversationRecord } from '../../src/simulator/elevenlabs/conversation-record.ts'
import type { CallRecord } from './call-record.ts'
import { likeness, purest } from './tones.ts'
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

/** Resolves when the caller has heard the agent's first words, as they were spoken; `heard` is at 8 kHz. */
export async function hearsFirstWords(call: CallRecord, heard: () => Int16Array): Promise<void> {
  const [{ voiceId }, [turn]] = await Promise.all([call.conversation(1), call.hasTurns(1)])
  const speech = decodeMuLaw(speak(turn?.text ?? '', voiceId ?? undefined))
  // Where samples lie between those that were spoken, they are a little different.
  await expect.poll(() => likeness(heard(), speech), LISTENING).toBeGreaterThan(0.93)
}

/** Resolves when the caller's tone has reached the agent, as loud as it was and without any noise but mu-law's. */
export async function hearsTone(conversation: ConversationRecord, format: AgentAudioFormat): Promise<void> {
  const heard = () => {
    const bytes = Buffer.concat(conversation.callerAudio)
    const samples = format === 'ulaw_8000' ? decodeMuLaw(bytes) : linearSamples(bytes)
    return purest(samples, CALLERS_TONE.frequency, Number(format.split('_')[1]))
  }
  await expect.poll(() => heard().snr, LISTENING).toBeGreaterThan(30)
  expect(heard().amplitude / CALLERS_TONE.amplitude).toBeCloseTo(1, 1)
}
