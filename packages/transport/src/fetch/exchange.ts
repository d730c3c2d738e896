import { type Call, type Clock, DeadlineError, TimeoutError } from '@holdfast/policy'
import type { Connections, DispatchRequest } from './connections.ts'

/** What an exchange must know of its request. */
export interface Exchanged {
  readonly what: string
  readonly method: string
  /** Where it goes; what is in `private` never goes elsewhere. */
  readonly origin: string
  /** Names of headers, in lower case. */
  readonly private: ReadonlySet<string>
  /** Who may leave while the body is read. */
  readonly callers: readonly AbortSignal[]
  /** The caller's own deadline, on `clock`; `Infinity` if there is none. */
  readonly deadline: number
  readonly clock: Clock
  /** Those that are not over yet. */
  readonly underWay: Set<Exchange>
  readonly connections: Connections
}

/*
 * One attempt, from its request until the last byte of its answer, redirects included. To `fetch` it is what holds the connections.
 *
 * E1  What ends it early is the call's signal until there is an answer, and from then on its callers and the clock: the body is under the same limit.
 * E2  Whatever ends it early ends its request, so that no socket is left behind.
 * E3  Once it is over it holds no timer and no listener, and is not under way.
 */
export class Exchange implements Connections {
  readonly #about: Exchanged
  readonly #call: Call
  readonly #began: number
  readonly #ends = new AbortController()
  /** Requests that were handed to a connection and are not over. */
  #open = 0
  #handed = false
  #turned = false
  #is: 'asking' | 'answered' | 'over' = 'asking'
  #cancel: (() => void) | undefined

  constructor(call: Call, about: Exchanged) {
    this.#about = about
    this.#call = call
    this.#began = about.clock.now()
    about.underWay.add(this)
    if (call.signal.aborted) this.end(call.signal.reason)
    else call.signal.addEventListener('abort', this)
  }

  /** Ends the request. */
  get signal(): AbortSignal {
    return this.#ends.signal
  }

  /** The same, and whoever called: for a `fetch` that does not tell when it is done. */
  joined(): AbortSignal {
    return AbortSignal.any([this.signal, ...this.#about.callers])
  }

  /** Whether a request was handed to a connection. */
  get handed(): boolean {
    return this.#handed
  }

  /** Whether the request was answered with where to look (301, 302, 303), so that another was made in its place: it was done, whatever becomes of that one. */
  get turned(): boolean {
    return this.#turned
  }

  dispatch(request: DispatchRequest, handler: object): boolean {
    const { origin, method, connections, private: names } = this.#about
    this.#open++
    this.#handed = true
    this.#turned ||= request.method?.toUpperCase() !== method
    const elsewhere = names.size > 0 && String(request.origin) !== origin
    const sent = elsewhere ? { ...request, headers: without(request.headers, names) } : request
    watch(handler as Handler, () => this.#closed())
    return connections.dispatch(sent, handler)
  }

  /** A signal aborted: the call's, or a caller's. */
  handleEvent({ target }: Event): void {
    this.end((target as AbortSignal).reason)
  }

  end(reason: unknown): void {
    this.#ends.abort(reason)
    this.over()
  }

  /** There is an answer; its body may still be coming. */
  answered(): void {
    if (this.#is === 'over') return
    this.#is = 'answered'
    this.#call.signal.removeEventListener('abort', this)
    if (this.#open === 0) return this.over()
    const { callers, clock } = this.#about
    for (const caller of callers) {
      if (caller.aborted) return this.end(caller.reason)
      caller.addEventListener('abort', this)
    }
    const left = this.#call.deadline - clock.now()
    if (left !== Infinity) this.#cancel = clock.after(left, () => this.end(this.#late()))
  }

  /** Nothing more will come. */
  over(): void {
    if (this.#is === 'over') return
    const { callers, underWay } = this.#about
    if (this.#is === 'asking') this.#call.signal.removeEventListener('abort', this)
    else for (const caller of callers) caller.removeEventListener('abort', this)
    this.#is = 'over'
    this.#cancel?.()
    underWay.delete(this)
  }

  #closed(): void {
    this.#open--
    if (this.#open === 0 && this.#is === 'answered') this.over()
  }

  #late(): Error {
    const { deadline, what } = this.#about
    if (this.#call.deadline >= deadline) return new DeadlineError(deadline)
    return new TimeoutError(`the body of ${what}`, Math.round(this.#call.deadline - this.#began))
  }
}

type Handler = Record<string, ((this: unknown, ...given: unknown[]) => unknown) | undefined>

/**
 * Has `closed` called once, when nothing more will be given to the handler. It is the one that `fetch` made for this request, and is changed in its
 * place: one that stands before it costs more than all else here.
 */
function watch(handler: Handler, closed: () => void): void {
  // Since undici 8, or as they were up to 7.
  const [end, error] =
    'onResponseEnd' in handler
      ? (['onResponseEnd', 'onResponseError'] as const)
      : (['onComplete', 'onError'] as const)
  const { [end]: ended, [error]: failed } = handler
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    closed()
  }
  handler[end] = function (this: unknown, given: unknown, trailers: unknown): unknown {
    close()
    return ended?.call(this, given, trailers)
  }
  handler[error] = function (this: unknown, given: unknown, thrown: unknown): unknown {
    close()
    return failed?.call(this, given, thrown)
  }
}

/** Headers as `fetch` gives them: names and values in turn, or by name. */
function without(headers: unknown, names: ReadonlySet<string>): unknown {
  if (Array.isArray(headers))
    return headers.filter((_, at) => !names.has(String(headers[at - (at % 2)]).toLowerCase()))
  return Object.fromEntries(
    Object.entries(Object(headers)).filter(([name]) => !names.has(name.toLowerCase())),
  )
}
