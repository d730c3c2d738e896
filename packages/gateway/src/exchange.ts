import type { Call } from '@holdfast/policy'
import { Attempt } from './attempt.ts'
import { toUpstream } from './headers.ts'
import { identityOnward } from './identity.ts'
import { withModel } from './model-span.ts'
import type { Answering } from './reader.ts'
import { attemptHeader } from './retried-outside.ts'
import type { Upstream } from './upstream.ts'

export interface ExchangeOptions extends Omit<Answering, 'status' | 'headers'> {
  readonly upstream: Upstream
  /** The model to ask for; `undefined` leaves the client's bytes as they are. */
  readonly model: string | undefined
  /** The how-manieth call of the request it is, over all links. */
  readonly attempt: number
  /** What is sent in place of the client's own body: the same, and how its answer began. */
  readonly json: string
}

/**
 * One attempt at one upstream: sends the request and delivers the answer to the reply.
 * Resolves when the client has been given the whole answer; rejects with a `ProviderFailure`, before anything was sent (`reply.begun` is false)
 * or in the middle of a stream, which another attempt may then take up again. Ends at once, and its upstream call with it, when the call's signal aborts.
 */
export function exchange(options: ExchangeOptions, call: Call): Promise<void> {
  return new Promise((resolve, reject) => {
    const { upstream, request, dialect, model, json } = options
    const { key, bearer } = upstream
    const attempt = new Attempt(options, call.signal, resolve, reject)
    if (call.signal.aborted) return
    upstream.pool.dispatch(
      {
        path: upstream.paths[request.passage ?? dialect],
        method: 'POST',
        headers: {
          ...toUpstream(request.headers, { key, dialect, bearer }),
          ...identityOnward(request.headers),
          [attemptHeader]: String(options.attempt),
        },
        body: model === undefined ? json : withModel(json, model),
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      attempt,
    )
  })
}
