import { type Call, type CallOptions, type Clock, demand, type Pipeline, systemClock } from '@holdfast/policy'
import { context } from '@holdfast/policy/context'
import { envelopeOf } from '../envelope.ts'
import { classOfError } from '../failure.ts'
import { onLeg } from '../on-leg.ts'
import { Once } from '../once.ts'
import { under } from './address.ts'
import { type ConnectionStatus, connections } from './connections.ts'
import { pipelines } from './default-pipeline.ts'
import { entire } from './entire.ts'
import { Exchange } from './exchange.ts'
import { FailedAttempt, failedAnswer, isUndone } from './failed-attempt.ts'
import { clientLeg } from './http-leg.ts'
import { closed, letGo } from './http-refusal.ts'
import { idempotencyHeader, idempotentMethods, isReplayable, usualFailures } from './idempotent.ts'
import { ownDeadline } from './own-deadline.ts'

export interface ResilientFetchOptions {
  /**
   * What an address without a scheme stands under, its path and query included: `/rest/x`, or `rest/x`, on `https://acme.example/jira` is
   * `https://acme.example/jira/rest/x`. Only an absolute address leads elsewhere.
   */
  readonly base?: string | URL
  /** Sent with every call that does not name the same header; with a `base`, only to its origin, and never along a redirect to another. */
  readonly headers?: Readonly<Record<string, string>>
  /** Who is told of trace, correlation and the time left: the origin of `base` (unless it is said), everybody, or nobody. */
  readonly envelope?: 'base-origin' | 'always' | false
  /** Whether an answer is read into memory before it is given, so that one which breaks off on the way is tried again. */
  readonly whole?: boolean
  /** Statuses that are failures to the pipeline: 408, 425, 429, 500, 502, 503, 504 and 529 unless it is said. */
  readonly failures?: readonly number[]
  /** Whether it has connections of its own: where undici is installed, unless others were set for the whole process. */
  readonly pool?: boolean
  /** In place of the `fetch` of Node. Redirects, and a body once it has begun, are its own business then. */
  readonly fetch?: typeof globalThis.fetch
  /** The one of the pipeline. */
  readonly clock?: Clock
}

/** What `fetch` takes, and what a pipeline is told of the call. */
export interface ResilientInit extends Omit<RequestInit, keyof CallOptions>, CallOptions {}

/** A `fetch` behind a pipeline. */
export interface ResilientFetch extends AsyncDisposable {
  (input: string | URL | Request, init?: ResilientInit): Promise<Response>
  /** Its own connections, by origin; those that all of the process share are not among them. */
  connections(): readonly ConnectionStatus[]
  /** Ends what is under way, bodies included, with `HTTP_LET_GO`, and lets go of the connections; calls after that are refused with `HTTP_CLOSED`. Twice is harmless. */
  close(): Promise<void>
}

/**
 * `fetch` behind a pipeline: same arguments, same `Response`.
 *
 * Answers of 408, 425, 429, 500, 502, 503, 504 and 529 and broken connections are failures to the pipeline (a `WireFailure`), so that its retry,
 * breaker and budget see them; when it gives up, the caller gets the last `Response` as it is, or what `fetch` threw. `Retry-After` is heeded.
 * What may have been done is sent again only if its method is idempotent or it has an `Idempotency-Key`; what was certainly not done (429, no
 * connection) whatever it is; and neither if its body cannot be sent twice: one in a stream, or in a `Request`, cannot. No pipeline makes it do
 * otherwise. What a policy refuses or cuts short rejects with the policy's own error, and an address that cannot be read at once.
 *
 * The body of an answer comes as it comes, unless it is wanted `whole`, and is under the limits of its attempt as well: reading it rejects with a `TimeoutError` or a `DeadlineError` when the time is up,
 * and with the caller's reason when the caller leaves. Without a pipeline each origin has its own: 30 s an attempt, 3 attempts 0.2 to 5 s apart within
 * a budget, and a breaker that opens after 5 outages in a row.
 */
export function resilientFetch(pipeline?: Pipeline, options: ResilientFetchOptions = {}): ResilientFetch {
  const { headers: added = {}, envelope = 'base-origin', whole = false, clock = systemClock } = options
  demand(
    envelope === 'base-origin' || envelope === 'always' || envelope === false,
    'resilientFetch.envelope',
    envelope,
    "'base-origin', 'always' or false",
  )
  const base = options.base === undefined ? undefined : new URL(options.base)
  const failures = new Set(options.failures ?? usualFailures)
  const pipelineOf = pipeline === undefined ? pipelines(clock) : () => pipeline
  const pool = connections(options.fetch === undefined && options.pool !== false)
  const underWay = new Set<Exchange>()
  let isClosed = false

  async function ask(input: string | URL | Request, init: ResilientInit = {}): Promise<Response> {
    if (isClosed) throw closed()
    const request = input instanceof Request ? input : undefined
    const target = request ?? under(base, String(input))
    const { origin, pathname } = target instanceof URL ? target : new URL(target.url)
    const method = (init.method ?? request?.method ?? 'GET').toUpperCase()
    const what = `${method} ${origin}${pathname}`
    const home = base !== undefined && origin === base.origin
    const headers = new Headers(init.headers ?? request?.headers)
    const own = new Own(headers)
    if (home || base === undefined) own.add(added)
    const told = envelope === 'always' || (envelope !== false && home)
    const idempotent = idempotentMethods.has(method) || headers.has(idempotencyHeader)
    const again = isReplayable(init.body ?? request?.body)
    const once = new Once(idempotent && again)
    const { deadline, within, key, operation, priority, ...rest } = init
    const signal = (rest.signal === undefined ? request?.signal : rest.signal) ?? undefined
    const limits = { ...(signal && { signal }), deadline, within, key, operation, priority }
    const around = context().signal
    const about = {
      what,
      method,
      origin,
      private: own.names,
      callers: [signal, around].filter((each) => each !== undefined),
      deadline: ownDeadline(limits, clock),
      clock,
      underWay,
      connections: pool.under(rest, idempotent),
    }
    let open: Response | undefined
    /** Whether it was done, although it failed: what failed is what its answer led to. A `fetch` that is not Node's does not say where it was led. */
    const isDone = ({ turned }: Exchange, response?: Response): boolean =>
      !idempotent && (turned || (options.fetch !== undefined && response?.redirected === true))

    const attempt = async (call: Call): Promise<Response> => {
      if (isClosed) throw closed()
      once.begin(call)
      release(open)
      open = undefined
      if (told) own.add(envelopeOf(call, clock), envelope === 'always')
      const exchange = new Exchange(call, about)
      let response: Response
      try {
        response = await send(target, { ...rest, headers }, exchange)
        if (whole && !failures.has(response.status)) response = await entire(response)
      } catch (error) {
        exchange.over()
        const of = classOfError(error)
        const facts = {
          // What `fetch` itself would not send, it will not send the next time.
          class: of === 'broken' && options.fetch === undefined && !exchange.handed ? 'permanent' : of,
          message: `${what} got no answer`,
          cause: error,
          idempotent,
        }
        const failure = new FailedAttempt(facts, again && !isDone(exchange))
        once.ended(call, failure.retryable, failure)
        throw failure
      }
      exchange.answered()
      const done = isDone(exchange, response)
      const undone = again && !done && isUndone(response.status)
      if (!failures.has(response.status)) {
        once.ended(call, undone)
        return response
      }
      open = response
      const failure = failedAnswer(what, response, { idempotent, again: again && !done })
      once.ended(call, undone, failure)
      throw failure
    }

    let answer: Response | undefined
    try {
      const url = target instanceof URL ? target : target.url
      answer = await pipelineOf(origin)(
        (call) => onLeg(clientLeg(method, url, call.attempt), () => attempt(call)),
        limits,
      )
      return answer
    } catch (error) {
      answer = FailedAttempt.answerOf(error)
      return answer
    } finally {
      if (open !== answer) release(open)
    }
  }

  function send(target: URL | Request, init: object, exchange: Exchange): Promise<Response> {
    const { signal } = exchange
    if (options.fetch !== undefined) return options.fetch(target, { ...init, signal: exchange.joined() })
    return fetch(target, { ...init, signal, dispatcher: exchange } as unknown as RequestInit)
  }

  async function close(): Promise<void> {
    isClosed = true
    for (const exchange of [...underWay]) exchange.end(letGo())
    await pool.close()
  }

  return Object.assign(ask, { connections: () => pool.status(), close, [Symbol.asyncDispose]: close })
}

/** The headers of a call that the client adds, none of which the caller gave. */
class Own {
  /** In lower case: those that go to no other origin. */
  readonly names = new Set<string>()
  readonly #headers: Headers
  readonly #set = new Set<string>()

  constructor(headers: Headers) {
    this.#headers = headers
  }

  add(given: Readonly<Record<string, string>>, forAll = false): void {
    for (const name in given) {
      const lower = name.toLowerCase()
      if (!this.#set.has(lower) && this.#headers.has(lower)) continue
      this.#set.add(lower)
      if (!forAll) this.names.add(lower)
      this.#headers.set(lower, given[name]!)
    }
  }
}

/** Lets go of the connection that a response nobody will read still holds. */
function release(response: Response | undefined): void {
  response?.body?.cancel().catch(() => undefined)
}
