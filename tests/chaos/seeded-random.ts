/** Numbers that look random and are the same for the same seed (mulberry32, public domain, Tommy Ettinger 2017). */
export class SeededRandom {
  readonly #seed: number
  #state: number

  constructor(seed: number) {
    this.#seed = seed >>> 0
    this.#state = this.#seed
  }

  /** A generator of its own for one part of a plan, so that a change of one part leaves the others as they are. */
  fork(name: string): SeededRandom {
    let hash = this.#seed
    for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
    return new SeededRandom(hash)
  }

  /** At least 0 and below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number of this range, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.next() * (most - least + 1))
  }

  /** How long until the next event of a Poisson process whose events are `mean` apart. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean
  }

  happens(share: number): boolean {
    return this.next() < share
  }

  /** One of the names, each as likely as its weight among all. */
  weighted<Name extends string>(weights: Record<Name, number>): Name {
    const entries = Object.entries(weights) as [Name, number][]
    let left = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [name, weight] of entries) {
      left -= weight
      if (left < 0) return name
    }
    throw new RangeError('There is nothing to choose from.')
  }

  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError('There is nothing to pick from.')
    return items[this.between(0, items.length - 1)] as Item
  }
}
