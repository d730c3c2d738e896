import { DeadlineError, demand, TimeoutError } from '../errors.ts'
import type { Clock } from '../time/clock.ts'
import { Timer } from '../time/timer.ts'
import { Attempt } from './attempt.ts'
import { endOf, isLimited, wrong } from './caller-limits.ts'
import { causes } from './causes.ts'
import { show } from './escort.ts'
import { type Limit, nearest } from './limit.ts'
import { type Outcome, Refused } from './outcome.ts'
import type { Hold, Plan, Refusal } from './stage.ts'
import { surroundings } from './surroundings.ts'
import type { CallOptions } from './work.ts'

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
  readonly plan: Plan
  readonly options: CallOptions | undefined
  /** One place for each stage, to keep what it must know about this call. */
  readonly memo: unknown[]
  /** The number of stages that the call is inside of. */
  slot = 0
  /** How often the call has come down to the work. */
  attempt = 0
  failed = false
  interruption: Interruption | undefined = undefined
  /** The nearest time limit around the stage that is at work. */
  limit: Limit | undefined = undefined
  /** What the call came to: a value, or an error if it failed. */
  #result: unknown = undefined
  #refusal: Refusal | undefined = undefined
  #call: Attempt | undefined = undefined
  #ends: Ends | undefined = undefined
  /** How many attempts there had been when a stage was last entered: 0 where there is none. */
  #entered: number[] | undefined = undefined

  constructor(plan: Plan, options: CallOptions | undefined) {
    this.plan = plan
    this.options = options
    this.memo = new Array(plan.stages.length)
    const limits = surroundings === undefined ? options : surroundings(options, plan.clock)
    if (limits !== undefined) this.#heed(limits)
  }

  get clock(): Clock {
    return this.plan.clock
  }

  /** The call that all this is for: the same for every pipeline on its way, if calls are handed on as options. */
  get root(): object {
    return this.options instanceof Attempt ? this.options.root : this
  }

  get callerDeadline(): number {
    if (this.#ends === undefined) return Infinity
    return Math.min(this.#ends.limits?.deadline ?? Infinity, this.#ends.within)
  }

  /** The nearest limit around the stage that is at work, absolute; `Infinity` if there is none. */
  get deadline(): number {
    return nearest(this.callerDeadline, this.limit, this.clock)
  }

  /** What the call came to, if it did not fail. */
  get value(): unknown {
    return this.failed ? undefined : this.#result
  }

  /** What the call failed with. */
  get error(): unknown {
    if (this.#refusal !== undefined) {
      this.#result = this.#refusal.refuse()
      this.#refusal = undefined
    }
    return this.failed ? this.#result : undefined
  }

  /** Whether the call was turned away by a stage, and nobody has looked at the error yet. */
  get refused(): boolean {
    return this.#refusal !== undefined
  }

  /** Whether an interruption may have to settle the call before its work does. */
  get hasty(): boolean {
    const { hasty, patient } = this.plan
    return hasty || (!patient && this.#ends?.limits !== undefined && isLimited(this.#ends.limits))
  }

  /** Ends what goes on inside `slot`: aborts the signal, cuts a wait short and, if `atOnce`, stops waiting for the work. */
  interrupt(interruption: Interruption, atOnce: boolean, sync = false): void {
    const standing = this.interruption
    if (standing === undefined || interruption.slot < standing.slot) this.interruption = interruption
    this.#call?.stop(interruption.error, sync)
    this.#ends?.wake?.()
    if (atOnce) this.#ends?.giveUp?.(interruption.error)
  }

  /** Attempts that were made before this run, if it is within one of a pipeline that it is part of. */
  get before(): number {
    return this.plan.nested && this.options instanceof Attempt ? this.options.attempt - 1 : 0
  }

  /** Whether the work was called since the stage in that slot was entered; if not, what happened says nothing of the work. */
  reached(slot: number): boolean {
    return this.attempt > (this.#entered?.[slot] ?? 0)
  }

  /** A stage is entered, when there have been attempts before. */
  note(slot: number): void {
    this.#entered ??= []
    this.#entered[slot] = this.attempt
  }

  /** What the work of a new attempt is given. */
  begin(): Attempt {
    const call = new Attempt(this)
    this.#call = call
    show(call)
    return call
  }

  /** The work's promise, but an interruption can settle it first. Late rejections are swallowed. */
  settled<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#endings.giveUp = reject
      work.then(resolve, reject)
      if (this.interruption !== undefined) reject(this.interruption.error)
    })
  }

  /** Waits, and not a moment longer than until an interruption. */
  wait(ms: number): Promise<void> {
    demand(ms >= 0, 'stage: again', ms, 'a number of ms, at least 0')
    return this.#pause((go) => this.clock.after(ms, go))
  }

  /** Waits at a stage's door; whether the call was let in. */
  async held({ hold }: Hold): Promise<boolean> {
    let answered: { refusal: Refusal | undefined } | undefined
    await this.#pause((go) =>
      hold((refusal) => {
        answered ??= { refusal }
        go()
      }),
    )
    if (answered?.refusal !== undefined) this.refuse(answered.refusal)
    return answered !== undefined && answered.refusal === undefined
  }

  /** Takes the outcome back: there will be another. */
  renew(): void {
    this.failed = false
    this.check()
  }

  /** Makes the outcome a success. */
  succeed(value: unknown): void {
    this.#call = undefined
    this.failed = false
    this.#result = value
  }

  /** Makes the outcome a failure, by `error` unless an interruption stands. */
  fail(error: unknown): void {
    const blamed = this.interruption === undefined ? error : this.interruption.error
    const ours = blamed !== error && (blamed instanceof TimeoutError || blamed instanceof DeadlineError)
    if (ours && !causes(error, blamed)) blamed.cause ??= error
    this.#call = undefined
    this.#refusal = undefined
    this.failed = true
    this.#result = blamed
  }

  /** Makes the outcome a failure whose error need not exist yet. */
  refuse(refusal: Refusal): void {
    if (this.interruption !== undefined) return this.fail(this.interruption.error)
    this.failed = true
    this.#refusal = refusal
  }

  /** Fails if the call is interrupted. */
  check(): void {
    if (this.interruption !== undefined) this.fail(this.interruption.error)
  }

  outcome(): Outcome<unknown> {
    if (!this.failed) return { ok: true, value: this.#result }
    return this.#refusal === undefined
      ? { ok: false, error: this.#result }
      : (new Refused(this.#refusal) as Outcome<unknown>)
  }

  /** Lets go of the caller. */
  close(): void {
    if (this.#ends === undefined) return
    const { limits, signal, timer } = this.#ends
    if (limits instanceof Attempt) return limits.unfollow(this)
    signal?.removeEventListener('abort', this)
    timer?.disarm()
  }

  /** The caller's signal was aborted. */
  handleEvent(): void {
    this.left(this.#ends?.signal?.reason, true)
  }

  /** The caller no longer wants the call, for that reason. */
  left(error: unknown, sync: boolean): void {
    this.interrupt({ is: endOf(error), slot: CALLER, error }, !this.plan.patient, sync)
  }

  /** The caller's deadline has passed. */
  pass(): void {
    const error = new DeadlineError(this.callerDeadline)
    this.interrupt({ is: 'deadline', slot: CALLER, error }, !this.plan.patient)
  }

  get #endings(): Ends {
    this.#ends ??= {
      limits: undefined,
      within: Infinity,
      signal: undefined,
      timer: undefined,
      giveUp: undefined,
      wake: undefined,
    }
    return this.#ends
  }

  #heed(limits: CallOptions): void {
    const ends = this.#endings
    ends.limits = limits
    if (limits instanceof Attempt) return limits.follow(this)
    const error = wrong(limits, this.clock)
    if (error !== undefined) return this.interrupt({ is: 'abort', slot: CALLER, error }, false)
    const { signal, within } = limits
    if (signal) {
      ends.signal = signal
      if (signal.aborted) this.handleEvent()
      else signal.addEventListener('abort', this)
    }
    if (within !== undefined) ends.within = this.clock.now() + within
    const deadline = this.callerDeadline
    if (deadline === Infinity) return
    const left = deadline - this.clock.now()
    if (left <= 0) return this.pass()
    ends.timer = new CallerDeadline(left, this)
    ends.timer.arm(this.clock)
  }

  #pause(start: (go: () => void) => () => void): Promise<void> {
    return new Promise((resolve) => {
      const ends = this.#endings
      let cancel: (() => void) | undefined
      let over = false
      const end = () => {
        over = true
        ends.wake = undefined
        resolve()
      }
      cancel = start(end)
      if (over) return
      ends.wake = () => {
        cancel()
        end()
      }
      if (this.interruption !== undefined) ends.wake()
    })
  }
}

/** What can end a call early; most calls have nothing of it. */
interface Ends {
  /** The signal and deadline of the caller and of what stands around him. */
  limits: CallOptions | undefined
  /** When the time is over that the caller allowed, absolute. */
  within: number
  signal: AbortSignal | undefined
  timer: Timer | undefined
  giveUp: ((error: unknown) => void) | undefined
  wake: (() => void) | undefined
}

class CallerDeadline extends Timer {
  readonly ms: number
  readonly #run: Run

  constructor(ms: number, run: Run) {
    super()
    this.ms = ms
    this.#run = run
  }

  fire(): void {
    this.#run.pass()
  }
}
