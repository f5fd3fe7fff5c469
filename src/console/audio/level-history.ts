/** How loud one direction was of late, the newest level last; written for every frame, read for every picture. */
export class LevelHistory {
  readonly #levels: Float32Array
  #next = 0
  #peak = 0

  constructor(length: number) {
    this.#levels = new Float32Array(length)
  }

  get length(): number {
    return this.#levels.length
  }

  /** The loudest since the call began. */
  get peak(): number {
    return this.#peak
  }

  add(level: number): void {
    this.#levels[this.#next] = level
    this.#next = (this.#next + 1) % this.#levels.length
    this.#peak = Math.max(this.#peak, level)
  }

  /** The level `ago` frames before the newest, which is 0 ago. */
  at(ago: number): number {
    const index = (this.#next - 1 - ago + 2 * this.#levels.length) % this.#levels.length
    return this.#levels[index] ?? 0
  }
}
