import type { Dispatcher } from 'undici'

type Controller = Dispatcher.DispatchController
type Handler = Dispatcher.DispatchHandler

/*
 * What a handler of undici sees of a request that is sent several times: one request. It is also the controller that the handler is given.
 *
 * Y1  The handler is told of one beginning, of at most one answer, and of one end.
 * Y2  What it does to its controller is done to the attempt that goes on; an abort ends the call, whichever attempt that is, and whether there is one.
 */
export class Relay implements Controller {
  readonly #handler: Handler
  readonly #left: (reason: unknown) => void
  #now: Controller | undefined
  #begun = false
  #ended = false
  #reason: Error | null = null

  /** `left` is called when the handler wants no answer any more. */
  constructor(handler: Handler, left: (reason: unknown) => void) {
    this.#handler = handler
    this.#left = left
  }

  get aborted(): boolean {
    return this.#reason !== null
  }

  get paused(): boolean {
    return this.#now?.paused ?? false
  }

  get reason(): Error | null {
    return this.#reason
  }

  get rawHeaders(): NonNullable<Controller['rawHeaders']> | null {
    return this.#now?.rawHeaders ?? null
  }

  get rawTrailers(): NonNullable<Controller['rawTrailers']> | null {
    return this.#now?.rawTrailers ?? null
  }

  abort(reason: Error): void {
    if (this.#reason !== null) return
    this.#reason = reason
    this.#left(reason)
    this.#now?.abort(reason)
  }

  pause(): void {
    this.#now?.pause()
  }

  resume(): void {
    this.#now?.resume()
  }

  /** An attempt was begun. */
  begin(controller: Controller, context: unknown): void {
    this.#now = controller
    if (this.#reason !== null) return controller.abort(this.#reason)
    if (this.#begun) return
    this.#begun = true
    this.#handler.onRequestStart?.(this, context)
  }

  upgrade(...[, status, headers, socket]: Parameters<NonNullable<Handler['onRequestUpgrade']>>): void {
    this.#ended = true
    this.#handler.onRequestUpgrade?.(this, status, headers, socket)
  }

  answer(...[, status, headers, message]: Parameters<NonNullable<Handler['onResponseStart']>>): void {
    this.#handler.onResponseStart?.(this, status, headers, message)
  }

  data(chunk: Buffer): void {
    this.#handler.onResponseData?.(this, chunk)
  }

  end(trailers: Parameters<NonNullable<Handler['onResponseEnd']>>[1]): void {
    if (this.#ended) return
    this.#ended = true
    this.#handler.onResponseEnd?.(this, trailers)
  }

  fail(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#handler.onResponseError?.(this, error as Error)
  }

  bodySent(chunk: Buffer): void {
    this.#handler.onBodySent?.(chunk)
  }

  requestSent(): void {
    this.#handler.onRequestSent?.()
  }
}
