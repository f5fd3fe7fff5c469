import { answer, cpuMs } from './relay-child.ts'
import { startRelay } from './relay-parts.ts'

/* The relay in a process of its own. */

const listening = startRelay(process.argv[2] as string)

answer({ listen: () => listening, cpu: cpuMs })
