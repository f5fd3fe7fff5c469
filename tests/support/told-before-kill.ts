import { takeCoverage } from 'node:v8'

/*
 * Read before the program of a service whose coverage is counted. A process that is killed can tell nobody what it has run, so
 * it tells first, and then kills itself: between the two nothing else runs.
 */

process.on('SIGUSR2', () => {
  takeCoverage()
  process.kill(process.pid, 'SIGKILL')
})
