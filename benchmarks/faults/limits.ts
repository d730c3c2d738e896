/** What the gateway is told, in ms: two retries at most, and limits well under the 30 s of the baseline. */
export interface Limits {
  readonly backoff: { readonly initial: number; readonly max: number }
  readonly openFor: number
  readonly timeout: { readonly firstToken: number; readonly headers: number; readonly idle: number }
}

/** The shortest limit on silence: a machine that is busy with other things must not be taken for a provider that is silent. */
const shortest = 2_000

/** The real ones at a scale of 1. What a provider asks for (S01) is never scaled, so neither is the longest wait before a retry. */
export function limits(scale: number): Limits {
  const silence = (ms: number): number => Math.max(shortest, ms * scale)
  return {
    backoff: { initial: 500 * scale, max: 5_000 },
    openFor: 10_000 * scale,
    timeout: { firstToken: silence(10_000), headers: silence(10_000), idle: silence(15_000) },
  }
}
