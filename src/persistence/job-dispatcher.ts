import type pg from 'pg'
import type { Logger } from 'pino'
import { moveJobs } from './prepared/move-jobs.ts'
import { MOVE_VOICE_JOBS } from './voice-schedule.ts'

/** Jobs of as many steps as come within this time go to the queue together; a worker starts that much later. */
const GATHER_MS = 10
/** What a node left behind that died between a step and this is found by any other. */
const SWEEP_MS = 1_000
const MOVE_ACTOR_JOBS = moveJobs('actor_job', { isTimed: false })

/** Hands what steps have asked for to the job queue, after their commit. */
export class JobDispatcher {
  readonly #pool: Pick<pg.Pool, 'query'>
  readonly #log: Logger
  #isAsked = false
  #isSweeping = false
  #moving: Promise<void> | null = null
  #sweep: NodeJS.Timeout | null = null

  constructor(options: { pool: Pick<pg.Pool, 'query'>; log: Logger }) {
    this.#pool = options.pool
    this.#log = options.log
  }

  /** Looks for what others left behind, too, until it is stopped. */
  start(): void {
    this.#sweepOnce()
    this.#sweep = setInterval(() => this.#sweepOnce(), SWEEP_MS)
  }

  /** Resolves when all that this node's steps asked for is in the queue, or is left to another node. */
  async stop(): Promise<void> {
    if (this.#sweep) clearInterval(this.#sweep)
    await this.settled()
  }

  /** There are jobs to be moved, or may be. */
  dispatch(): void {
    this.#isAsked = true
    this.#moving ??= this.#move()
  }

  async settled(): Promise<void> {
    await this.#moving
  }

  #sweepOnce(): void {
    this.#isSweeping = true
    this.dispatch()
  }

  async #move(): Promise<void> {
    while (this.#isAsked) {
      await new Promise((gathered) => setTimeout(gathered, GATHER_MS))
      this.#isAsked = false
      try {
        const { rowCount } = await this.#pool.query(MOVE_ACTOR_JOBS)
        this.#isAsked ||= rowCount === MOVE_ACTOR_JOBS.batch
        if (this.#isSweeping) await this.#pool.query(MOVE_VOICE_JOBS)
        this.#isSweeping = false
      } catch (error) {
        this.#log.warn(
          { err: error },
          'jobs of actors could not be handed to the queue; it is tried again in a second',
        )
      }
    }
    this.#moving = null
  }
}
