import type { IncomingHttpHeaders } from 'node:http'
import type { Call, Clock } from '@holdfast/policy'
import { classOfError } from '@holdfast/transport'
import type { Dispatcher } from 'undici'
import type { ChatRequest } from './chat-request.ts'
import { type OutHeaders, toUpstream } from './headers.ts'
import { withModel } from './model-span.ts'
import { ProviderFailure } from './provider-failure.ts'
import { AnswerReader, ErrorReader, type Reader, StreamReader } from './readers.ts'
import type { Reply } from './reply.ts'
import type { Upstream } from './upstream.ts'
import { Watchdog } from './watchdog.ts'

/** How long a provider may keep us waiting, in ms: for its first token (streams), for its headers (otherwise), and between tokens. */
export interface Patience {
  readonly headers: number
  readonly firstToken: number
  readonly idle: number
}

export interface ExchangeOptions {
  readonly upstream: Upstream
  /** The model to ask for; `undefined` leaves the client's bytes as they are. */
  readonly model: string | undefined
  readonly request: ChatRequest
  readonly reply: Reply
  /** The headers of an answer that begins now. */
  readonly marks: () => OutHeaders
  readonly clock: Clock
}

/**
 * One attempt at one upstream: sends the request and delivers the answer to the reply.
 * Resolves when the client has been given the whole answer; rejects with a `ProviderFailure`, before anything was sent (`reply.begun` is false)
 * or in the middle of a stream, which another attempt may then take up again. Ends at once, and its upstream call with it, when the call's signal aborts.
 */
export function exchange(options: ExchangeOptions, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const { upstream, request, model } = options
    const attempt = new Attempt(options, call.signal, resolve, reject)
    if (call.signal.aborted) return
    upstream.pool.dispatch(
      {
        path: upstream.path,
        method: 'POST',
        headers: toUpstream(request.headers, upstream.key),
        body: model === undefined ? request.json : withModel(request.json, model),
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      attempt,
    )
  })
}

/** The effects of an attempt: sockets, limits, and settling once. What an answer means is the readers' business. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions
  readonly #signal: AbortSignal
  readonly #watchdog: Watchdog
  readonly #resolve: () => void
  readonly #reject: (failure: ProviderFailure) => void
  #controller: Dispatcher.DispatchController | undefined
  #reader: Reader | undefined
  #settled = false

  constructor(
    options: ExchangeOptions,
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
