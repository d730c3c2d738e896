import type { Clock } from './clock.ts'
import { DeadlineError, demand, TimeoutError } from './errors.ts'
import type { Plan } from './stage.ts'
import type { Call, CallOptions } from './work.ts'

/*
 * One call on its way through one pipeline.
 *
 * I1  An interruption belongs to a slot. One from further out replaces one from further in, never the other way round.
 * I2  While an interruption stands, every failure is the interruption's own error.
 * I3  A settled call leaves nothing behind: no timer on the clock, no listener on its caller's signal.
 * I4  A signal is aborted by an interruption only, and never by one that came after its attempt.
 */

/** Slot of an interruption by the caller: outside every stage. */
export const CALLER = -1

/** A call was ended from outside the work: by a time limit, by the caller's deadline, or because the caller left. */
export interface Interruption {
  readonly is: 'timeout' | 'deadline' | 'abort'
  readonly slot: number
  readonly error: unknown
}

/** What the stages of a pipeline see of a call, and do to it. */
export class Run {
  readonly clock: Clock
  /** One place for each stage, to keep what it must know about this call. */
  readonly memo: unknown[]
  /** The nearest limit around the stage that is at work, absolute; `Infinity` if there is none. */
  deadline: number
  /** How often the call has come down to the work. */
  attempt = 0
  failed = false
  value: unknown
  error: unknown
  interruption: Interruption | undefined

  readonly #patient: boolean
  readonly #hasty: boolean
  #call: Attempt | undefined
  #giveUp: ((error: unknown) => void) | undefined
  #wake: (() => void) | undefined
  readonly #signal: AbortSignal | undefined
  #cancelDeadline: (() => void) | undefined

  constructor(plan: Plan, options: CallOptions | undefined) {
    this.clock = plan.clock
    this.memo = new Array(plan.stages.length)
    this.deadline = options?.deadline ?? Infinity
    this.#patient = plan.patient
    this.#signal = options?.signal
    this.#hasty = plan.hasty || (!plan.patient && (this.#signal !== undefined || this.deadline !== Infinity))
    if (this.deadline !== Infinity) this.#limit(this.deadline)
    if (this.#signal !== undefined) this.#heed(this.#signal)
  }

  /** Ends what goes on inside `slot`: aborts the signal, cuts a wait short and, if `atOnce`, stops waiting for the work. */
  interrupt(interruption: Interruption, atOnce: boolean): void {
    const standing = this.interruption
    if (standing === undefined || interruption.slot < standing.slot) this.interruption = interruption
    this.#call?.stop(interruption.error)
    this.#wake?.()
    if (atOnce) this.#giveUp?.(interruption.error)
  }

  /** Throws if the call is interrupted. */
  check(): void {
    if (this.interruption !== undefined) throw this.interruption.error
  }

  /** What the work of a new attempt is given. */
  begin(): Call {
    this.#call = new Attempt(this.deadline, this.attempt)
    return this.#call
  }

  /** The work's promise, or one that an interruption can settle before it. Late rejections are swallowed. */
  settled<T>(work: PromiseLike<T>): PromiseLike<T> {
    if (!this.#hasty) return work
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      work.then(resolve, reject)
      if (this.interruption !== undefined) reject(this.interruption.error)
    })
  }

  /** Waits, and not a moment longer than until an interruption. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.clock.after(ms, resolve)
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  /** Makes the outcome a success. */
  succeed(value: unknown): void {
    this.#call = undefined
    this.failed = false
    this.value = value
    this.error = undefined
  }

  /** Makes the outcome a failure, by `error` unless an interruption stands. */
  fail(error: unknown): void {
    const blamed = this.interruption === undefined ? error : this.interruption.error
    if (blamed !== error && (blamed instanceof TimeoutError || blamed instanceof DeadlineError))
      blamed.cause ??= error
    this.#call = undefined
    this.failed = true
    this.value = undefined
    this.error = blamed
  }

  /** Lets go of the caller. */
  close(): void {
    this.#signal?.removeEventListener('abort', this)
    this.#cancelDeadline?.()
  }

  /** The caller's signal was aborted. */
  handleEvent(): void {
    const error: unknown = this.#signal?.reason
    const is =
      error instanceof TimeoutError ? 'timeout' : error instanceof DeadlineError ? 'deadline' : 'abort'
    this.interrupt({ is, slot: CALLER, error }, !this.#patient)
  }

  #heed(signal: AbortSignal): void {
    if (signal.aborted) this.handleEvent()
    else signal.addEventListener('abort', this)
  }

  #limit(deadline: number): void {
    demand(!Number.isNaN(deadline), 'call.deadline', deadline, "a time in ms on the pipeline's clock")
    const left = deadline - this.clock.now()
    const pass = () =>
      this.interrupt({ is: 'deadline', slot: CALLER, error: new DeadlineError(deadline) }, !this.#patient)
    if (left > 0) this.#cancelDeadline = this.clock.after(left, pass)
    else pass()
  }
}

class Attempt implements Call {
  readonly deadline: number
  readonly attempt: number
  #controller: AbortController | undefined
  #stopped: { reason: unknown } | undefined

  constructor(deadline: number, attempt: number) {
    this.deadline = deadline
    this.attempt = attempt
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped.reason)
    }
    return this.#controller.signal
  }

  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    this.#controller?.abort(reason)
  }
}
