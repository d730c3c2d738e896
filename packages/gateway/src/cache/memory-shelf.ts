import { Lru } from '@holdfast/policy'
import type { KeptAnswer } from './kept-answer.ts'

/** What an entry takes beside its body, in bytes, about. */
const overhead = 1_000

/** Answers in memory; when they come to more than `most` bytes, those not used for the longest go. */
export class MemoryShelf {
  readonly #answers: Lru<KeptAnswer>
  #evicted = 0

  constructor(most: number) {
    this.#answers = new Lru(Infinity, most)
  }

  get bytes(): number {
    return this.#answers.total
  }

  get evicted(): number {
    return this.#evicted
  }

  get(key: string): KeptAnswer | undefined {
    return this.#answers.get(key)
  }

  put(key: string, answer: KeptAnswer): void {
    const answers = this.#answers
    answers.delete(key)
    const before = answers.size
    answers.set(key, answer, answer.body.length + overhead)
    const kept = answers.peek(key) === undefined ? 0 : 1
    this.#evicted += before + kept - answers.size
  }

  delete(key: string): void {
    this.#answers.delete(key)
  }
}
