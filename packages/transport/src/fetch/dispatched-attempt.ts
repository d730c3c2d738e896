import { type Call, type Clock, DeadlineError, TimeoutError } from '@holdfast/policy'
import type { Dispatcher } from 'undici'
import { classOfError, classOfStatus, mayRepeat, retryAfterMs, WireFailure } from '../failure.ts'
import type { Once } from '../once.ts'
import { isUndone } from './failed-attempt.ts'
import type { Relay } from './relay.ts'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler
type Start = Parameters<NonNullable<Handler['onResponseStart']>>
type Trailers = Parameters<NonNullable<Handler['onResponseEnd']>>[1]

/** What all attempts of a request have in common. */
export interface Dispatching {
  readonly what: string
  readonly relay: Relay
  readonly once: Once
  readonly idempotent: boolean
  readonly replayable: boolean
  readonly failures: ReadonlySet<number>
  /** The caller's own deadline, on `clock`. */
  readonly deadline: number
  readonly clock: Clock
  /** The signal of what stands around the call. */
  readonly around: AbortSignal | undefined
}

/** An attempt over a dispatcher that failed. */
export class DispatchFailure extends WireFailure {
  override readonly retryable: boolean
  readonly attempt: DispatchedAttempt

  constructor(attempt: DispatchedAttempt, facts: ConstructorParameters<typeof WireFailure>[0]) {
    super(facts)
    this.attempt = attempt
    this.retryable =
      attempt.about.replayable && !attempt.isDone && mayRepeat(facts.class, attempt.about.idempotent)
  }
}

/*
 * One attempt over a dispatcher of undici.
 *
 * A1  An answer that is a failure is held, paused, until the pipeline has decided: it is given on, or dropped for another attempt.
 * A2  Until there is an answer the call's signal ends it; from then on what stands around the call and the clock, until the last byte.
 * A3  Once it is over it holds no timer and no listener.
 */
export class DispatchedAttempt implements Handler {
  readonly about: Dispatching
  readonly answered = Promise.withResolvers<{ readonly status: number }>()
  readonly #call: Call
  readonly #began: number
  #is: 'asking' | 'held' | 'given' | 'over' = 'asking'
  #controller: Controller | undefined
  /** Where it has been: what follows answers elsewhere adds to it. */
  #history: readonly unknown[] = []
  #held: Start | undefined
  #ended: Trailers | undefined
  #cancel: (() => void) | undefined

  constructor(about: Dispatching, call: Call) {
    this.about = about
    this.#call = call
    this.#began = about.clock.now()
    call.signal.addEventListener('abort', this)
  }

  /** Whether it was done, although it failed: an interceptor below followed its answer elsewhere, and what failed is that. */
  get isDone(): boolean {
    return this.#history.length > 0 && !this.about.idempotent
  }

  /** A signal aborted: the call's, or that of what stands around it. */
  handleEvent({ target }: Event): void {
    this.#end((target as AbortSignal).reason)
  }

  onRequestStart(controller: Controller, context: unknown): void {
    this.#controller = controller
    const { history = [] } = Object(context) as { readonly history?: readonly unknown[] }
    this.#history = history
    const { aborted, reason } = this.#call.signal
    if (aborted || this.#is === 'over') return controller.abort(reason as Error)
    this.about.relay.begin(controller, context)
  }

  onRequestUpgrade(...given: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#over()
    this.about.relay.upgrade(...given)
    this.answered.resolve({ status: 101 })
  }

  onResponseStart(...start: Start): void {
    const [controller, status, headers] = start
    const { what, relay, once, failures, idempotent, replayable } = this.about
    if (status < 200) return relay.answer(...start)
    const undone = replayable && !this.isDone && isUndone(status)
    if (!failures.has(status)) {
      once.ended(this.#call, undone)
      this.#give(start)
      return this.answered.resolve({ status })
    }
    controller.pause()
    this.#is = 'held'
    this.#held = start
    const { 'retry-after': after } = headers
    const failure = new DispatchFailure(this, {
      class: classOfStatus(status),
      message: `${what} answered ${status}`,
      status,
      retryAfter: retryAfterMs(typeof after === 'string' ? after : undefined, Date.now()),
      idempotent,
    })
    once.ended(this.#call, undone, failure)
    this.answered.reject(failure)
  }

  onResponseData(_: Controller, chunk: Buffer): void {
    if (this.#is === 'given') this.about.relay.data(chunk)
  }

  onResponseEnd(_: Controller, trailers: Trailers): void {
    if (this.#is === 'held') this.#ended = trailers
    if (this.#is !== 'given') return
    this.#over()
    this.about.relay.end(trailers)
  }

  onResponseError(_: Controller, error: Error): void {
    const { relay, once, what, idempotent } = this.about
    const is = this.#is
    this.#over()
    if (is === 'given') return relay.fail(error)
    const facts = { class: classOfError(error), message: `${what} got no answer`, cause: error, idempotent }
    const failure = new DispatchFailure(this, facts)
    once.ended(this.#call, failure.retryable, failure)
    this.answered.reject(failure)
  }

  onBodySent(chunk: Buffer): void {
    this.about.relay.bodySent(chunk)
  }

  onRequestSent(): void {
    this.about.relay.requestSent()
  }

  /** Gives the answer that was held to the caller after all. Answers whether there is one. */
  release(): boolean {
    const start = this.#held
    if (this.#is !== 'held' || start === undefined) return false
    this.#give(start)
    if (this.#ended === undefined) start[0].resume()
    else this.onResponseEnd(start[0], this.#ended)
    return true
  }

  /** Another attempt takes its place. */
  drop(): void {
    if (this.#is !== 'held') return
    this.#over()
    if (this.#ended === undefined)
      this.#controller?.abort(new DOMException('not needed', 'AbortError') as never)
  }

  #give(start: Start): void {
    this.#is = 'given'
    this.#call.signal.removeEventListener('abort', this)
    this.about.relay.answer(...start)
    const { around, clock } = this.about
    around?.addEventListener('abort', this)
    if (this.#call.deadline === Infinity) return
    // Most bodies have come with the beginning of their answer: those need no timer.
    queueMicrotask(() => {
      if (this.#is !== 'given') return
      this.#cancel = clock.after(this.#call.deadline - clock.now(), () => this.#end(this.#late()))
    })
  }

  #end(reason: unknown): void {
    const is = this.#is
    if (is === 'over') return
    if (is === 'held') this.#over()
    this.#controller?.abort(reason as Error)
    if (this.#controller === undefined) this.onResponseError(undefined as never, reason as Error)
  }

  #over(): void {
    this.#is = 'over'
    this.#call.signal.removeEventListener('abort', this)
    this.about.around?.removeEventListener('abort', this)
    this.#cancel?.()
  }

  #late(): Error {
    const { deadline, what } = this.about
    if (this.#call.deadline >= deadline) return new DeadlineError(deadline)
    return new TimeoutError(`the body of ${what}`, Math.round(this.#call.deadline - this.#began))
  }
}
