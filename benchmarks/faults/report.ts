import type { Result } from './run-scenario.ts'

/** How often each verdict was given. */
export function tally(results: readonly Result[]): Record<Result['is'], number> {
  const count = { pass: 0, partial: 0, safe: 0, fail: 0 }
  for (const { is } of results) count[is]++
  return count
}

/** The results for a person to read: a line each, and below it why one did not pass. */
export function table(results: readonly Result[]): string {
  return results
    .flatMap(({ id, manner, title, is, why, attempts, ms }) => [
      `${id}  ${manner.padEnd(10)}${is.padEnd(8)}${`${(ms / 1_000).toFixed(1)} s`.padStart(8)}  ` +
        `${attempts.primary} + ${attempts.fallback} attempts  ${title}`,
      ...(is === 'pass' ? [] : why.map((each) => `                       ${each}`)),
    ])
    .join('\n')
}
