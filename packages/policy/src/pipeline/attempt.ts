import { type Limit, nearest } from './limit.ts'
import { send } from './outgoing.ts'
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
    this.attempt = run.before + run.attempt
  }

  get signal(): AbortSignal {
    const asked = this.#more
    if (asked.controller === undefined) {
      const controller = new AbortController()
      asked.controller = controller
      if (asked.stopped !== undefined) controller.abort(asked.stopped.reason)
      // A timer is shared by many calls: by way of a promise, the listeners run in the context of this one.
      else new Promise((resolve) => (asked.cue = resolve)).then((reason) => controller.abort(reason))
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
    const asked = this.#more
    if (asked.headers === undefined) {
      const { options } = this.#run
      asked.headers = options instanceof Attempt ? { ...options.headers } : {}
      send(this)
    }
    return asked.headers
  }

  get root(): object {
    return this.#run.root
  }

  /** `atOnce`: in the turn of whoever stops it, as when a caller aborts; otherwise in the context of the call, a moment later. */
  stop(reason: unknown, atOnce: boolean): void {
    const asked = this.#more
    asked.stopped ??= { reason }
    if (atOnce) asked.controller?.abort(reason)
    else asked.cue?.(reason)
    for (const run of [...asked.followers]) run.left(reason, atOnce)
  }

  /** Has a run end when this attempt is stopped: what a listener on `signal` would do, without the signal. */
  follow(run: Run): void {
    const { stopped, followers } = this.#more
    if (stopped === undefined) followers.add(run)
    else run.left(stopped.reason, true)
  }

  unfollow(run: Run): void {
    this.#asked?.followers.delete(run)
  }

  get #more(): Asked {
    this.#asked ??= {
      deadline: undefined,
      controller: undefined,
      stopped: undefined,
      headers: undefined,
      cue: undefined,
      followers: new Set(),
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
  /** Aborts the signal in the context in which it was first read. */
  cue: ((reason: unknown) => void) | undefined
  /** Runs of pipelines that this call was handed on to. */
  readonly followers: Set<Run>
}
