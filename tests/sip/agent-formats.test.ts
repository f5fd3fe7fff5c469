import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AgentAudioFormat } from '../../src/simulator/elevenlabs/audio-format.ts'
import { CALLERS_TONE, hearsFirstWords, hearsTone, setFormats } from '../support/heard-audio.ts'
import { readSdp } from '../support/simulated-sip/sdp.ts'
import { REAL_SERVERS } from '../support/sip-servers.ts'
import { type SipStoryCall, SipWorld } from '../support/sip-world.ts'

const TONE = Int16Array.from(
  { length: 12_000 },
  (_, i) => CALLERS_TONE.amplitude * Math.sin((2 * Math.PI * CALLERS_TONE.frequency * i) / 8000),
)

describe.each(REAL_SERVERS ? (['streaming'] as const) : (['streaming', 'playAudio'] as const))(
  'A caller over SIP (%s)',
  (module) => {
    let sip: SipWorld
    beforeAll(async () => {
      sip = await SipWorld.begin({ module, vendor: { keepsCallerAudio: true } })
    })
    afterAll(() => sip.end())

    /** A whole call, in which both hear each other. Resolves with what the relay says of its audio. */
    async function talk(hears: AgentAudioFormat, speaks: AgentAudioFormat): Promise<string> {
      setFormats(sip.world, hears, speaks)
      const call = sip.call()
      await call.reaches('bridged.talking')
      await hearsFirstWords(call, () => call.line.voice.heard)
      await hearsTone(await call.conversation(1), hears, () => call.line.voice.say(TONE))
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
      return audioOf(call)
    }

    async function audioOf(call: SipStoryCall): Promise<string> {
      const id = await call.id()
      const lines = sip.world.node.output.split('\n')
      const line = lines.find((each) => each.includes(id) && each.includes('The agent listens')) ?? '{}'
      const { caller, speech } = JSON.parse(line) as { caller: string; speech: string }
      return `${caller}, ${speech}`
    }

    it('is transcoded to an agent that nobody has met, and from the second call on is not', async () => {
      expect(await talk('pcm_16000', 'pcm_16000')).toBe('L16/8000 to L16/16000, L16/16000 to L16/8000')
      expect(await talk('pcm_16000', 'pcm_16000')).toBe('L16/16000 to L16/16000, L16/16000 to L16/16000')
    })

    it('gets wideband from an agent that wants more than a telephone has', async () => {
      await talk('pcm_24000', 'pcm_24000')
      expect(await talk('pcm_24000', 'pcm_24000')).toBe('L16/16000 to L16/24000, L16/24000 to L16/16000')
    })

    it('speaks G.722 where both phone and agent can, and as a telephone does where the agent cannot', async () => {
      const codecs = ['PCMU', 'G722', 'telephone-event']
      const answered = async () => {
        const call = sip.call({ codecs })
        const answer = await call.line.final
        await call.reaches('bridged.talking')
        await call.line.bye()
        return readSdp(answer.body)?.codecs[0]
      }
      await talk('pcm_16000', 'pcm_16000')
      expect(await answered()).toBe('G722')
      await talk('ulaw_8000', 'ulaw_8000')
      expect(await answered()).toBe('PCMU')
    })

    it('that changes its codec in the midst of a conversation, is joined anew and goes on', async () => {
      await talk('pcm_16000', 'pcm_16000')
      const call = sip.call({ codecs: ['G722', 'PCMU', 'telephone-event'] })
      await call.reaches('bridged.talking')
      await call.hasTurns(1)
      const answer = await call.line.reInvite({ codecs: ['PCMU', 'telephone-event'] })
      expect(readSdp(answer.body)?.codecs[0]).toBe('PCMU')
      const conversation = await call.conversation(2)
      await call.reaches('bridged.talking')
      await call.hasTurns(2)
      await hearsTone(conversation, 'pcm_16000', () => call.line.voice.say(TONE))
      await call.line.bye()
      expect(await call.outcome()).toBe('caller_hung_up')
    })

    it('is heard in one format and spoken to in another', async () => {
      await talk('ulaw_8000', 'pcm_16000')
      expect(await talk('ulaw_8000', 'pcm_16000')).toBe('L16/8000 to PCMU/8000, L16/16000 to L16/16000')
    })
  },
)
