import { BreakerOpenError } from '../errors.ts'
import type { Refusal } from '../pipeline/stage.ts'
import type { Circuit } from './circuit.ts'
import type { Owner } from './owner.ts'
import type { ProbeQueue } from './probe-queue.ts'

/** Each transition makes a state of its own, which is the generation of the calls admitted in it. `relapses` are probes that failed since it was closed. */
export type State =
  | { readonly is: 'closed' }
  | Open
  | HalfOpen
  | { readonly is: 'isolated' | 'disabled' | 'observed' }

/** Turns calls away, and knows until when, whatever becomes of the circuit before somebody looks at the error. */
export class Open implements Refusal {
  readonly is = 'open'
  readonly until: number
  readonly relapses: number
  readonly #owner: Owner

  constructor(owner: Owner, until: number, relapses: number) {
    this.#owner = owner
    this.until = until
    this.relapses = relapses
  }

  refuse(): BreakerOpenError {
    return new BreakerOpenError(this.#owner.name, Math.max(0, this.until - this.#owner.clock.now()))
  }
}

/** Some calls are let through, to find out. */
export interface HalfOpen {
  readonly is: 'half-open'
  readonly probes: Set<Permit>
  readonly room: ProbeQueue
  readonly relapses: number
  successes: number
}

/** What an admitted call holds, if there is more to it than the state in which it was admitted. */
export class Permit {
  readonly circuit: Circuit
  readonly state: State
  readonly since: number

  constructor(circuit: Circuit, state: State, since: number) {
    this.circuit = circuit
    this.state = state
    this.since = since
  }
}
