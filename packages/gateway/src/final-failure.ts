import { ProviderFailure } from './provider-failure.ts'

/** No attempt may follow, be it that the client has part of an answer that nobody can go on with, or that others try again; the provider has failed all the same. */
export function final(error: unknown): unknown {
  return error instanceof ProviderFailure
    ? Object.defineProperty(error, 'retryable', { value: false })
    : error
}

/** The prefill may be what is at fault: without it the request was good enough for an answer that began. */
export function refusesPrefill(error: unknown): boolean {
  return error instanceof ProviderFailure && (error.status === 400 || error.status === 422)
}
