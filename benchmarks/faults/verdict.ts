import type { Call } from './caller.ts'
import type { Evidence, Scenario } from './scenario.ts'

/** How a gateway did in one scenario, and why it did not pass. */
export interface Verdict {
  readonly is: 'pass' | 'partial' | 'safe' | 'fail'
  readonly why: readonly string[]
}

/**
 * `pass`: the whole answer (or, where the request is at fault, the provider's own error) and every check holds; `partial`: rescued, and an
 * advisory check does not hold; `safe`: not rescued, but told so in time; `fail`: a hang, a truncated answer in the guise of a whole one, or a
 * required check that does not hold. `after` is the healthy request that follows.
 */
export function verdict(scenario: Scenario, evidence: Evidence, after: Call): Verdict {
  const { refusal, checks } = scenario
  const broken = checks.filter(({ holds }) => !holds(evidence))
  const required = broken.filter((check) => check.required)
  const bad = evidence.calls.filter(({ got }) => got === 'hang' || got === 'truncated')
  const asHoped = evidence.calls.every((call) => (refusal ? refuses(call, refusal) : call.got === 'whole'))
  const why = [
    ...evidence.calls.flatMap((call) => (call.got === 'whole' || (refusal && asHoped) ? [] : [worded(call)])),
    ...broken.map(({ says }) => `not so: ${says}`),
    ...(after.got === 'whole' ? [] : [`afterwards: ${worded(after)}`]),
  ]
  if (bad.length > 0 || after.got !== 'whole' || required.length > 0) return { is: 'fail', why }
  if (asHoped) return { is: broken.length > 0 ? 'partial' : 'pass', why }
  // Routed round a refusal: the caller got an answer, though not the one it should have.
  return { is: evidence.calls.every(({ got }) => got === 'whole') ? 'partial' : 'safe', why }
}

function refuses({ got, status, raw }: Call, refusal: RegExp): boolean {
  return got === 'error' && status >= 400 && status < 500 && refusal.test(raw)
}

function worded({ got, status, raw, ms }: Call): string {
  return `${got} with ${status} after ${(ms / 1_000).toFixed(1)} s: …${raw.slice(-160).trim()}`
}
