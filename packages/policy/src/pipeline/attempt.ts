import { type Limit, nearest } from './limit.ts'
import type { Run } from './run.ts'
import type { Call } from './work.ts'

/** The call as the work of one attempt sees it; what it does not look at costs nothing. */
export class Attempt implements Call {
  readonly attempt: number
  readonly #run: Run
  readonly #limit: Limit | undefined
  #asked: Asked | undefined = undefined

  constructor(run: Run) {
    this.#run = run
    this.#limit = run.limit
    this.attempt = run.attempt
  }

  get signal(): AbortSignal {
    const asked = this.#more
    if (asked.controller === undefined) {
      asked.controller = new AbortController()
      if (asked.stopped !== undefined) asked.controller.abort(asked.stopped.reason)
    }
    return asked.controller.signal
  }

  get deadline(): number {
    const asked = this.#more
    asked.deadline ??= nearest(this.#run.callerDeadline, this.#limit, this.#run.clock)
    return asked.deadline
  }

  get key(): string | undefined {
    return this.#run.options?.key
  }

  get operation(): string | undefined {
    return this.#run.options?.operation
  }

  get priority(): number | undefined {
    return this.#run.options?.priority
  }

  /** Those of the call that this one is part of go along. */
  get headers(): Record<string, string> {
    const { options } = this.#run
    const asked = this.#more
    asked.headers ??= options instanceof Attempt ? { ...options.headers } : {}
    return asked.headers
  }

  get root(): object {
    return this.#run.root
  }

  stop(reason: unknown): void {
    const asked = this.#more
    asked.stopped ??= { reason }
    asked.controller?.abort(reason)
    for (const run of asked.followers.slice()) run.left(reason)
  }

  /** Has a run end when this attempt is stopped: what a listener on `signal` would do, without the signal. */
  follow(run: Run): void {
    const { stopped, followers } = this.#more
    if (stopped === undefined) followers.push(run)
    else run.left(stopped.reason)
  }

  unfollow(run: Run): void {
    const { followers } = this.#more
    const at = followers.indexOf(run)
    if (at !== -1) followers.splice(at, 1)
  }

  get #more(): Asked {
    this.#asked ??= {
      deadline: undefined,
      controller: undefined,
      stopped: undefined,
      headers: undefined,
      followers: [],
    }
    return this.#asked
  }
}

/** What only some calls are asked for. */
interface Asked {
  deadline: number | undefined
  controller: AbortController | undefined
  stopped: { readonly reason: unknown } | undefined
  headers: Record<string, string> | undefined
  /** Runs of pipelines that this call was handed on to. */
  readonly followers: Run[]
}
