import type { Hold, Refusal } from '../pipeline/stage.ts'
import type { Clock } from '../time/clock.ts'

/** Calls that wait for a half-open breaker's decision, in the order in which they came. Each asks again at the latest after some ms. */
export class ProbeQueue {
  readonly #clock: Clock
  readonly #waiting = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Has a call wait until it is called up, or `ms` have passed; then it asks `again`, which may have it wait once more. */
  hold(again: () => Refusal | Hold | undefined, ms: number): Hold {
    return {
      hold: (go) => {
        let cancel = this.#wait(() => {
          const answer = again()
          if (answer === undefined) go()
          else if ('hold' in answer) cancel = answer.hold(go)
          else go(answer)
        }, ms)
        return () => cancel()
      },
    }
  }

  /** Calls up the first. */
  next(): void {
    const [first] = this.#waiting
    first?.()
  }

  /** Calls up all. */
  empty(): void {
    for (const each of [...this.#waiting]) each()
  }

  #wait(decide: () => void, ms: number): () => void {
    const called = () => {
      leave()
      decide()
    }
    const stop = this.#clock.after(ms, called)
    const leave = () => {
      stop()
      this.#waiting.delete(called)
    }
    this.#waiting.add(called)
    return leave
  }
}
