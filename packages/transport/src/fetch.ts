import type { Pipeline } from '@holdfast/policy'
import { classOfStatus, retryAfterMs, WireFailure } from './failure.ts'

export interface ResilientFetchOptions {
  /** Resolves relative addresses: `/rest/api` becomes `https://acme.example/rest/api`. */
  readonly base?: string | URL
  /** Sent with every call, unless the call names the same header. */
  readonly headers?: Readonly<Record<string, string>>
  readonly fetch?: typeof globalThis.fetch
}

const idempotent = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE'])
const failed = new Set([408, 425, 429, 500, 502, 503, 504, 529])

/**
 * `fetch` behind a pipeline: same arguments, same `Response`.
 * Answers of 408, 425, 429, 500, 502, 503, 504 and 529 and broken connections are failures to the pipeline, so that its retry, breaker and budget
 * see them; when it gives up on a status, the caller gets that last `Response` as it is, as from `fetch`.
 * Only idempotent methods, or calls with an `Idempotency-Key`, whose body can be sent twice are tried again. `Retry-After` is heeded.
 * What never got an answer rejects as `fetch` does, or with the policy's own error.
 */
export function resilientFetch(
  pipeline: Pipeline,
  options: ResilientFetchOptions = {},
): typeof globalThis.fetch {
  const send = options.fetch ?? globalThis.fetch

  return async (input, init) => {
    const request = input instanceof Request ? input : undefined
    const headers = withDefaults(new Headers(init?.headers ?? request?.headers), options.headers)
    const method = (init?.method ?? request?.method ?? 'GET').toUpperCase()
    const repeatable = (idempotent.has(method) || headers.has('idempotency-key')) && replayable(request, init)
    const signal = init?.signal ?? request?.signal
    let last: Response | undefined

    const attempt = async (call: { readonly signal: AbortSignal }): Promise<Response> => {
      void last?.body?.cancel()
      last = undefined
      const target = request ? (repeatable ? request.clone() : request) : new URL(String(input), options.base)
      const response = await send(target, { ...init, headers, signal: call.signal }).catch(
        (error: unknown) => {
          throw repeatable ? error : Object.assign(error as Error, { retryable: false })
        },
      )
      if (!failed.has(response.status)) return response
      last = response
      throw new StatusFailure(response, repeatable)
    }

    try {
      return await pipeline(attempt, signal ? { signal } : {})
    } catch (error) {
      if (error instanceof StatusFailure && last !== undefined) return last
      throw error
    }
  }
}

/** A status that the pipeline counts as a failure; it never reaches the caller, who gets the response. */
class StatusFailure extends WireFailure {
  override readonly retryable: boolean

  constructor(response: Response, repeatable: boolean) {
    super({
      class: classOfStatus(response.status),
      message: `${response.url} answered ${response.status}`,
      status: response.status,
      retryAfter: retryAfterMs(response.headers.get('retry-after'), Date.now()),
    })
    this.retryable = repeatable
  }
}

function withDefaults(headers: Headers, defaults: Readonly<Record<string, string>> = {}): Headers {
  for (const [name, value] of Object.entries(defaults)) if (!headers.has(name)) headers.set(name, value)
  return headers
}

function replayable(request: Request | undefined, init: RequestInit | undefined): boolean {
  if (init?.body != null) return !(init.body instanceof ReadableStream)
  return request === undefined || request.body === null
}
