import { ForkStream } from '../../src/telephony/sip/audio-fork-codec.ts'
import {
  type AudioReturn,
  digitText,
  holdText,
  saysOver,
  startMetadata,
} from '../../src/telephony/sip/stream-metadata.ts'
import { codecContract, type Played, type Wire } from './codec-contract.ts'

const text = (message: string): Wire => [Buffer.from(message), false]
const rates = { caller: 8000, agent: 16_000 } as const

const fork = (audio: AudioReturn) => () => ({
  codec: new ForkStream(),
  start: (claim: { providerCallId: string; token: string }) =>
    text(startMetadata({ ...claim, audio, rates })),
  audio: (payload: Buffer): Wire => [payload, true],
  key: (digit: string) => text(digitText(digit)),
  hold: (isOnHold: boolean) => text(holdText(isOnHold)),
  play(message: Buffer, isBinary: boolean): Played {
    if (isBinary) return { kind: 'media', payload: message }
    const { type, data } = JSON.parse(message.toString())
    if (type === 'killAudio') return { kind: 'clear' }
    if (type === 'playAudio') return { kind: 'media', payload: Buffer.from(data.audioContent) }
    if (type === 'disconnect' && saysOver(data)) return { kind: 'hang-up' }
    throw new Error(`The module does not know ${type}.`)
  },
})

codecContract('mod_audio_fork that streams', fork('stream'))
codecContract('mod_audio_fork that plays files', fork('files'))
