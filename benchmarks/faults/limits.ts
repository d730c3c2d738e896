/** What the gateway is told, in ms: two retries at most, and limits well under the 30 s of the baseline. */
export interface Limits {
  readonly backoff: { readonly initial: number; readonly max: number }
  readonly openFor: number
  readonly timeout: { readonly firstToken: number; readonly headers: number; readonly idle: number }
}

/** The real ones at a scale of 1. What a provider asks for (S01) is never scaled, so neither is the longest wait before a retry. */
export function limits(scale: number): Limits {
  return {
    backoff: { initial: 500 * scale, max: 5_000 },
    openFor: 20_000 * scale,
    timeout: { firstToken: 10_000 * scale, headers: 10_000 * scale, idle: 15_000 * scale },
  }
}
