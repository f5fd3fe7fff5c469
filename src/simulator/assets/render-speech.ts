/*
 * Renders every sentence of speech/manifest.json, and the caller's sample. Needs Debian's `espeak-ng` and `sox`;
 * only whoever changes a sentence runs it, the rendered files are part of the repository.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const assets = import.meta.dirname

const AGENT_VOICE = ['-v', 'en-us+f2', '-s', '165', '-p', '45']
const CALLER_VOICE = ['-v', 'en-gb+m3', '-s', '150', '-p', '40']

/** The caller lets the agent speak first. */
const LEAD_IN_SECONDS = 3

/** What the caller says, and for how many seconds they then wait for an answer. */
const CALLER_SAYS: [words: string, thenWaitSeconds: number][] = [
  ['Hello? Yes, I can hear you very well.', 4],
  ['I would like to ask about the bicycle that I ordered last week.', 4],
  ['It is the blue one, and it should have come on Tuesday.', 4],
  ['All right, thank you very much for your help.', 3],
]

/** Ends without silence, the band of a telephone line, and one loudness for all. */
const TELEPHONE = ['rate', '-v', '8000', 'highpass', '150', 'norm', '-5']
const TRIMMED = ['silence', '1', '0.02', '0.5%', 'reverse', 'silence', '1', '0.02', '0.5%', 'reverse']

function espeak(voice: string[], words: string, wavFile: string): void {
  execFileSync('espeak-ng', [...voice, '-w', wavFile, words])
}

/** `-D` and `-R`: no dither and no randomness, so that the same sentence gives the same bytes. */
function sox(...args: string[]): void {
  execFileSync('sox', ['-D', '-R', ...args])
}

function renderLine(words: string, file: string, scratch: string): void {
  const raw = join(scratch, 'line.wav')
  espeak(AGENT_VOICE, words, raw)
  const target = join(assets, 'speech', file)
  sox(raw, '-t', 'ul', '-c', '1', target, ...TRIMMED, 'pad', '0.05', '0.1', ...TELEPHONE)
}

function renderCaller(scratch: string): void {
  const utterances = CALLER_SAYS.map(([words, thenWaitSeconds], index) => {
    const raw = join(scratch, `caller-${index}.wav`)
    const padded = join(scratch, `caller-${index}-padded.wav`)
    espeak(CALLER_VOICE, words, raw)
    sox(raw, padded, ...TRIMMED, 'pad', index === 0 ? String(LEAD_IN_SECONDS) : '0', String(thenWaitSeconds))
    return padded
  })
  sox(...utterances, '-b', '16', '-c', '1', join(assets, 'caller-sample.wav'), ...TELEPHONE)
}

const scratch = mkdtempSync(join(tmpdir(), 'render-speech-'))
try {
  const manifest = readFileSync(join(assets, 'speech/manifest.json'), 'utf8')
  for (const [words, file] of Object.entries<string>(JSON.parse(manifest))) renderLine(words, file, scratch)
  renderCaller(scratch)
} finally {
  rmSync(scratch, { recursive: true })
}
