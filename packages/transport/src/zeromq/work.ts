import type { Caller } from './caller.ts'
import type { Message } from './message.ts'

/** One ask that a server has, from when it comes in until nobody waits for its answer any more. */
export class Work {
  readonly caller: Caller
  readonly ask: Message
  readonly #controller = new AbortController()
  is: 'arrived' | 'begun' | 'over' = 'arrived'

  constructor(caller: Caller, ask: Message) {
    this.caller = caller
    this.ask = ask
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Whether it was still to be answered; from now on it is not. */
  end(): boolean {
    if (this.is === 'over') return false
    this.is = 'over'
    this.caller.works.delete(this.ask.id)
    return true
  }

  /** Nobody waits for its answer any more, for that reason. */
  abandon(reason: Error): void {
    const begun = this.is === 'begun'
    if (this.end() && begun) this.#controller.abort(reason)
  }
}
