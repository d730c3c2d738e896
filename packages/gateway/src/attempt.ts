import type { IncomingHttpHeaders } from 'node:http'
import { classOfError } from '@holdfast/transport'
import type { Dispatcher } from 'undici'
import { AnswerReader } from './answer-reader.ts'
import { ErrorReader } from './error-reader.ts'
import type { Patience } from './patience.ts'
import { ProviderFailure } from './provider-failure.ts'
import type { Answering, Reader, Speaker } from './reader.ts'
import { StreamReader } from './stream-reader.ts'
import { Watchdog } from './watchdog.ts'

export interface AttemptOptions extends Omit<Answering, 'status' | 'headers'> {
  readonly upstream: Speaker & { readonly patience: Patience }
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
    const { patience } = options.upstream
    if (options.request.stream) this.#watchdog.expect('the first token', patience.firstToken)
    else this.#watchdog.expect('an answer', patience.headers)
    if (signal.aborted) this.#cancelled()
    else signal.addEventListener('abort', this.#cancelled, { once: true })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#settled) this.#hangUp()
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (this.#settled || status < 200) return
    this.#guard(() => {
      this.#reader = this.#readerFor(status, headers)
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

  #readerFor(status: number, headers: IncomingHttpHeaders): Reader {
    const { request, upstream } = this.#options
    const context = { ...this.#options, headers, status }
    if (status >= 300) return new ErrorReader(context)
    const { idle } = upstream.patience
    if (!request.stream) {
      this.#watchdog.expect('the rest of the answer', idle)
      return new AnswerReader({ ...context, heard: () => this.#watchdog.alive() })
    }
    if (!/^text\/event-stream\b/i.test(String(headers['content-type'] ?? ''))) return new ErrorReader(context)
    return new StreamReader({
      ...context,
      began: () => this.#watchdog.expect('the next token', idle),
      heard: () => this.#watchdog.alive(),
      finished: () => this.#watchdog.expect('the end of the stream', Math.min(idle, lingering)),
      closed: () => this.#done(),
    })
  }

  /** The client is slower than the provider: that is not the provider's silence. */
  #pause(controller: Dispatcher.DispatchController): void {
    controller.pause()
    this.#watchdog.stop()
    this.#options.reply.drained(() => {
      if (this.#settled) return
      this.#watchdog.expect('the next token', this.#options.upstream.patience.idle)
      controller.resume()
    })
  }

  readonly #late = (waitingFor: string, limit: number): void => {
    if (this.#settled) return this.#hangUp()
    if (this.#reader?.finished) {
      this.#close()
      return this.#hangUp()
    }
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

  /** The provider will say no more, and all it had to say was said. */
  #close(): void {
    this.#guard(() => {
      this.#reader?.end()
      this.#done()
    })
  }

  /** The client has the whole answer. A provider that keeps the connection open after it is given a moment, so that it can be used again. */
  #done(): void {
    if (!this.#settle()) return
    if (!this.#reader?.complete) this.#watchdog.expect('the connection to be free', lingering)
    this.#resolve()
  }

  #fail(failure: ProviderFailure): void {
    if (!this.#settle()) return
    if (!this.#reader?.complete) this.#hangUp()
    this.#reject(failure)
  }

  /** True the first time. */
  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    this.#watchdog.stop()
    this.#signal.removeEventListener('abort', this.#cancelled)
    return true
  }

  #hangUp(): void {
    this.#controller?.abort(new Error('no longer wanted'))
  }
}

/** How long a stream whose choices have all finished may keep its connection open: a usage event may follow, or `[DONE]`. */
const lingering = 1_000

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as NodeJS.ErrnoException
  return error.message || code || error.name
}
