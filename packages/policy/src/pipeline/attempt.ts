import { type Limit, nearest } from './limit.ts'
import type { Run } from './run.ts'
import type { Call } from './work.ts'

/** The call as the work of one attempt sees it; what it does not look at costs nothing. */
export class Attempt implements Call {
  readonly attempt: number
  readonly #run: Run
  readonly #limit: Limit | undefined
  #deadline: number | undefined = undefined
  #controller: AbortController | undefined = undefined
  #stopped: { readonly reason: unknown } | undefined = undefined
  #headers: Record<string, string> | undefined = undefined
  /** Runs of pipelines that this call was handed on to. */
  #followers: Run[] | undefined = undefined

  constructor(run: Run) {
    this.#run = run
    this.#limit = run.limit
    this.attempt = run.attempt
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped.reason)
    }
    return this.#controller.signal
  }

  get deadline(): number {
    this.#deadline ??= nearest(this.#run.callerDeadline, this.#limit, this.#run.clock)
    return this.#deadline
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
    this.#headers ??= options instanceof Attempt ? { ...options.headers } : {}
    return this.#headers
  }

  get root(): object {
    return this.#run.root
  }

  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    this.#controller?.abort(reason)
    for (const run of this.#followers?.slice() ?? []) run.left(reason)
  }

  /** Has a run end when this attempt is stopped: what a listener on `signal` would do, without the signal. */
  follow(run: Run): void {
    if (this.#stopped !== undefined) return run.left(this.#stopped.reason)
    if (this.#followers === undefined) this.#followers = [run]
    else this.#followers.push(run)
  }

  unfollow(run: Run): void {
    const at = this.#followers?.indexOf(run) ?? -1
    if (at !== -1) this.#followers!.splice(at, 1)
  }
}
