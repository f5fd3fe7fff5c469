import { agentsCheck } from './agents.ts'
import { clonedVoicesCheck } from './cloned-voices.ts'
import { databaseCheck } from './database.ts'
import { elevenLabsAccountCheck } from './elevenlabs-account.ts'
import { elevenLabsAgentCheck } from './elevenlabs-agent.ts'
import type { Verdict } from './finding.ts'
import { openAiAccountCheck } from './openai-account.ts'
import { formatCounts, formatFinding } from './print.ts'
import { publicUrlCheck } from './public-url.ts'
import { type RunOptions, runChecks } from './run-checks.ts'
import { hideSecrets, secretsOf } from './secrets.ts'
import { examineSettings } from './settings.ts'
import { sipCheck } from './sip.ts'
import { twilioCheck } from './twilio.ts'

export type DoctorOptions = RunOptions & {
  /** Reads the settings; called once. */
  env: () => NodeJS.Dict<string>
  /** What is to be said of names that are no setting's, one line each. */
  misspelt?: () => string[]
  /** Takes one line, without its end; no secret is ever in it. */
  print: (line: string) => void
}

/** Looks at everything that calls depend on and prints a line for each. Resolves with false when something FAILs. */
export async function runDoctor({ env, misspelt, fix, print }: DoctorOptions): Promise<boolean> {
  const { config, findings } = examineSettings(env, misspelt)
  const secrets = config === null ? [] : secretsOf(config)
  const verdicts: Verdict[] = []
  const say = (finding: (typeof findings)[number]) => {
    verdicts.push(finding.verdict)
    print(hideSecrets(formatFinding(finding), secrets))
  }
  for (const finding of findings) say(finding)
  if (config === null) say({ name: 'all else', verdict: 'skip', finding: 'it needs valid settings' })
  else {
    const checks = [
      databaseCheck,
      elevenLabsAccountCheck,
      clonedVoicesCheck,
      elevenLabsAgentCheck,
      openAiAccountCheck,
      agentsCheck,
      twilioCheck,
      publicUrlCheck,
      sipCheck,
    ]
    for await (const finding of runChecks(
      checks.map((check) => check(config)),
      { fix },
    ))
      say(finding)
  }
  print(formatCounts(verdicts))
  return !verdicts.includes('FAIL')
}
