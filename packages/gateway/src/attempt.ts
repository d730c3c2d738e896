import type { IncomingHttpHeaders } from 'node:http'
import { classOfError } from '@holdfast/transport'
import type { Dispatcher } from 'undici'
import type { AnswerHead } from './keys/key-ring.ts'
import { lingering, type Patience } from './patience.ts'
import { ProviderFailure } from './provider-failure.ts'
import type { Answering, Reader, Speaker } from './reader.ts'
import { readerFor } from './reader-for.ts'
import type { AttemptEnd } from './usage/account.ts'
import { Watchdog } from './watchdog.ts'

export interface AttemptOptions extends Omit<Answering, 'status' | 'headers'> {
  readonly upstream: Speaker & {
    readonly patience: Patience
    readonly streams: boolean
    answered(head: AnswerHead): void
    unanswered(model: string | undefined): void
  }
  /** The one that is asked for, where the client's own is not. */
  readonly model: string | undefined
}

/** The effects of an attempt: sockets, limits, and settling once. What an answer means is the readers' business. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #options: AttemptOptions
  readonly #signal: AbortSignal
  readonly #watchdog: Watchdog
  readonly #resolve: () => void
  readonly #reject: (failure: ProviderFailure) => void
  #controller: Dispatcher.DispatchController | undefined
  #reader: Reader | undefined
  #paused = false
  #answered = false
  #settled = false

  constructor(
    options: AttemptOptions,
    signal: AbortSignal,
    resolve: () => void,
    reject: (failure: ProviderFailure) => void,
  ) {
    this.#options = options
    this.#signal = signal
    this.#resolve = resolve
    this.#reject = reject
    this.#watchdog = new Watchdog(options.clock, this.#late)
    const { patience, streams } = options.upstream
    if (options.request.stream || (streams && !options.request.passage))
      this.#watchdog.expect('the first token', patience.firstToken)
    else this.#watchdog.expect('an answer', patience.headers)
    if (signal.aborted) this.#cancelled()
    else signal.addEventListener('abort', this.#cancelled, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#options.notes.sent = true
    if (this.#settled) this.#hangUp()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#settled || status < 200) return
    this.#options.notes.status(status)
    this.#answered = true
    this.#options.upstream.answered({ status, headers, model: this.#options.model })
    this.#guard(() => {
      this.#reader = readerFor({
        ...this.#options,
        status,
        headers,
        watchdog: this.#watchdog,
        closed: () => this.#done(),
      })
    })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return
    this.#guard(() => {
      if (this.#reader?.data(chunk) === 'full') this.#pause(controller)
    })
  }

  onResponseEnd(): void {
    if (this.#settled) return this.#watchdog.stop()
    this.#close()
  }

  onResponseError(_: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#settled) return this.#watchdog.stop()
    if (this.#reader?.finished) return this.#close()
    const { name } = this.#options.upstream
    const when = this.#reader ? 'broke off' : 'could not be reached'
    this.#fail(
      new ProviderFailure({
        class: classOfError(error),
        message: `${name} ${when}: ${reason(error)}`,
        cause: error,
      }),
    )
  }

  /** The client is slower than the provider: that is not the provider's silence. */
  #pause(controller: Dispatcher.DispatchController): void {
    controller.pause()
    this.#watchdog.stop()
    this.#paused = true
    this.#options.reply.drained(() => {
      if (this.#settled) return
      this.#paused = false
      this.#watchdog.resume()
      controller.resume()
    })
  }

  readonly #late = (waitingFor: string, limit: number): void => {
    if (this.#settled) return this.#hangUp()
    if (this.#reader?.finished) return this.#cutOff()
    const { name } = this.#options.upstream
    this.#fail(
      new ProviderFailure({
        class: 'timeout',
        message: `${name} kept silent for ${limit} ms; waited for ${waitingFor}`,
        code: 'TIMEOUT',
      }),
    )
  }

  readonly #cancelled = (): void => {
    const { name } = this.#options.upstream
    const late = this.#signal.reason instanceof Error && this.#signal.reason.name === 'TimeoutError'
    if (late && this.#reader?.finished) return this.#cutOff()
    if (late && this.#paused) {
      this.#options.reply.breakOff(tooSlow)
      this.#done()
      return this.#hangUp()
    }
    this.#fail(
      new ProviderFailure({
        class: late ? 'timeout' : 'cancelled',
        message: late ? `${name} did not finish in time` : `the call to ${name} was cancelled`,
        cause: this.#signal.reason,
      }),
    )
  }

  #guard(step: () => void): void {
    try {
      step()
    } catch (error) {
      this.#fail(
        error instanceof ProviderFailure
          ? error
          : new ProviderFailure({
              class: 'transient',
              message: `${this.#options.upstream.name}: ${reason(error)}`,
              cause: error,
            }),
      )
    }
  }

  /** The provider has said all that matters, and nobody waits for the rest. */
  #cutOff(): void {
    this.#close()
    this.#hangUp()
  }

  /** The provider will say no more, and all it had to say was said. */
  #close(): void {
    this.#guard(() => {
      this.#reader?.end()
      this.#done()
    })
  }

  /** The client has the whole answer. A provider that keeps the connection open after it is given a moment, so that it can be used again. */
  #done(): void {
    if (!this.#settle('whole')) return
    if (!this.#reader?.complete) this.#watchdog.expect('the connection to be free', lingering)
    this.#resolve()
  }

  #fail(failure: ProviderFailure): void {
    if (!this.#settle(failure.class)) return
    if (!this.#reader?.complete) this.#hangUp()
    this.#reject(failure)
  }

  /** True the first time. */
  #settle(end: AttemptEnd): boolean {
    if (this.#settled) return false
    this.#settled = true
    if (!this.#answered) this.#options.upstream.unanswered(this.#options.model)
    this.#options.notes.over(end)
    this.#watchdog.stop()
    this.#signal.removeEventListener('abort', this.#cancelled)
    return true
  }

  #hangUp(): void {
    this.#controller?.abort(new Error('no longer wanted'))
  }
}

/** The provider did its part in time; the client took so long to read that the attempt ran out of time. */
const tooSlow = {
  message: 'The answer was not read in time.',
  type: 'timeout_error',
  code: 'client_too_slow',
  param: null,
} as const

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.message || (error as NodeJS.ErrnoException).code || error.name
}
