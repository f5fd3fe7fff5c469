import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A server beside the service's, as a process of its own, that ends with its standard input. */
export type Reference = { origin: string; stop: () => Promise<void> }

/** `file`, beside this one, prints the origin at which it listens. */
export async function startReference(file: string, args: string[] = []): Promise<Reference> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  return {
    origin: String(line).trim(),
    async stop() {
      child.stdin.end()
      await once(child, 'exit')
    },
  }
}
