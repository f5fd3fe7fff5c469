import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import { onTestFinished } from 'vitest'
import { type Config, loadConfig } from '../../src/config/config.ts'
import type { Check, Finding, Verdict } from '../../src/doctor/finding.ts'
import { runChecks } from '../../src/doctor/run-checks.ts'
import { freePort } from '../../src/runtime/free-port.ts'
import { closeHard, listenHere } from '../support/loopback.ts'

/** What a check finds with these settings. */
export async function examine(
  checkOf: (config: Config) => Check,
  env: Record<string, string>,
  { fix = false, limitMs }: { fix?: boolean; limitMs?: number } = {},
): Promise<Finding[]> {
  const check = checkOf(loadConfig(env))
  return all(runChecks([{ ...check, limitMs: limitMs ?? check.limitMs }], { fix }))
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const gathered: T[] = []
  for await (const item of items) gathered.push(item)
  return gathered
}

/** The findings by name, without the words. */
export const verdicts = (findings: Finding[]): Record<string, Verdict> =>
  Object.fromEntries(findings.map(({ name, verdict }) => [name, verdict]))

export function named(findings: Finding[], name: string): Finding {
  const found = findings.find((finding) => finding.name === name)
  if (!found) throw new Error(`no finding "${name}" among ${findings.map((each) => each.name).join(', ')}`)
  return found
}

/** A server on a port of its own until the test is over. */
export async function serve(listener: RequestListener): Promise<{ origin: string; server: Server }> {
  const server = createServer(listener)
  const origin = await listenHere(server)
  onTestFinished(() => closeHard(server))
  return { origin, server }
}

/** The origin of a vendor that answers each path with this JSON, or with this status, and anything else with 404. */
export async function vendor(
  answers: Record<string, unknown>,
  seen: IncomingMessage[] = [],
): Promise<string> {
  const { origin } = await serve((request, response) => {
    seen.push(request)
    const answer = answers[(request.url ?? '').split('?', 1)[0] ?? '']
    const { status, body } = isFailure(answer) ? answer : { status: answer ? 200 : 404, body: answer ?? {} }
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  return origin
}

type Failure = { status: number; body: unknown }

const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && 'body' in answer

/** Nothing listens there. */
export const deadOrigin = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`
