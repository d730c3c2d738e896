import type { Call, Pipeline } from '@holdfast/policy'
import {
  classOfError,
  classOfStatus,
  type FailureFacts,
  mayRepeat,
  retryAfterMs,
  WireFailure,
} from '../failure.ts'

export interface ResilientFetchOptions {
  /**
   * What an address without a scheme stands under, its path and query included: `/rest/x`, or `rest/x`, on `https://acme.example/jira` is
   * `https://acme.example/jira/rest/x`. Only an absolute address leads elsewhere.
   */
  readonly base?: string | URL
  /** Sent with every call that does not name the same header; with a `base`, only to its origin, so that a key never reaches another. */
  readonly headers?: Readonly<Record<string, string>>
  readonly fetch?: typeof globalThis.fetch
}

/**
 * `fetch` behind a pipeline: same arguments, same `Response`.
 *
 * Answers of 408, 425, 429, 500, 502, 503, 504 and 529 and broken connections are failures to the pipeline (a `WireFailure`), so that its retry,
 * breaker and budget see them; when it gives up, the caller gets the last `Response` as it is, or what `fetch` threw. `Retry-After` is heeded.
 * What may have been done is tried again only if its method is idempotent or it has an `Idempotency-Key`; what was certainly not done (429, no connection)
 * whatever it is; and neither if its body cannot be sent twice: one in a stream, or in a `Request`, cannot. What a policy refuses or cuts short rejects with the policy's own error, and an address that cannot be read at once.
 */
export function resilientFetch(
  pipeline: Pipeline,
  options: ResilientFetchOptions = {},
): typeof globalThis.fetch {
  const base = options.base === undefined ? undefined : new URL(options.base)

  return async (input, init) => {
    const request = input instanceof Request ? input : undefined
    const target = request ?? addressed(String(input), base)
    const url = new URL(request?.url ?? String(target))
    const headers = new Headers(init?.headers ?? request?.headers)
    if (base === undefined || url.origin === base.origin) addMissing(headers, options.headers)
    const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
    const harmless = idempotent.has(method) || headers.has('idempotency-key')
    const again = replayable(request, init)
    const signal = init?.signal === undefined ? request?.signal : init.signal
    let failed: Response | undefined

    const attempt = async (call: Call): Promise<Response> => {
      release(failed)
      failed = undefined
      const what = `${method} ${url.origin}${url.pathname}`
      try {
        // The caller may also leave while it reads the body, when the pipeline has long let go of its signal.
        const ends = signal ? AbortSignal.any([call.signal, signal]) : call.signal
        const response = await (options.fetch ?? globalThis.fetch)(target, { ...init, headers, signal: ends })
        if (!failures.has(response.status)) return response
        failed = response
      } catch (error) {
        const facts = { class: classOfError(error), message: `${what} got no answer`, cause: error }
        throw new FailedAttempt({ ...facts, idempotent: harmless }, again)
      }
      const { status } = failed
      const retryAfter = retryAfterMs(failed.headers.get('retry-after'), Date.now())
      const facts = {
        class: classOfStatus(status),
        message: `${what} answered ${status}`,
        status,
        retryAfter,
        idempotent: harmless,
      }
      throw new FailedAttempt(facts, again, failed)
    }

    let answer: Response | undefined
    try {
      answer = await pipeline(attempt, signal ? { signal } : {})
      return answer
    } catch (error) {
      if (!(error instanceof FailedAttempt)) throw error
      if (error.response === undefined) throw error.cause
      answer = error.response
      return answer
    } finally {
      if (failed !== answer) release(failed)
    }
  }
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])
const failures = new Set([408, 425, 429, 500, 502, 503, 504, 529])

/** An attempt that failed, as the pipeline sees it; in its place the caller gets the `response`, or the `cause`. */
class FailedAttempt extends WireFailure {
  override readonly retryable: boolean
  readonly response: Response | undefined

  constructor(facts: FailureFacts, again: boolean, response?: Response) {
    super(facts)
    this.retryable = again && mayRepeat(facts.class, facts.idempotent === true)
    this.response = response
  }
}

function addressed(address: string, base: URL | undefined): URL {
  if (base === undefined || URL.canParse(address)) return new URL(address)
  const slash = /^([/?#]|$)/.test(address) ? '' : '/'
  const url = new URL(`${base.origin}${base.pathname.replace(/\/+$/, '')}${slash}${address}`)
  for (const [name, value] of base.searchParams)
    if (!url.searchParams.has(name)) url.searchParams.append(name, value)
  return url
}

function addMissing(headers: Headers, defaults: Readonly<Record<string, string>> = {}): void {
  for (const [name, value] of Object.entries(defaults)) if (!headers.has(name)) headers.set(name, value)
}

/** Whether the body can be sent twice: streams and generators are empty after the first time. */
function replayable(request: Request | undefined, init: RequestInit | undefined): boolean {
  const body: unknown = init?.body ?? request?.body ?? ''
  return typeof body !== 'object' || !(Symbol.asyncIterator in (body as object))
}

/** Lets go of the connection that a response nobody will read still holds. */
function release(response: Response | undefined): void {
  response?.body?.cancel().catch(() => undefined)
}
