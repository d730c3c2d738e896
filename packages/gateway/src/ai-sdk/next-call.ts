import type { Journey } from '../journey.ts'
import { attemptHeader } from '../retried-outside.ts'

/** What a model is asked with, for the next time in this journey: a Holdfast behind it is told that it is asked again from here. */
export function nextCall<C extends { readonly headers?: Record<string, string | undefined> }>(
  journey: Journey,
  options: C,
): C {
  journey.attempts++
  return { ...options, headers: { ...options.headers, [attemptHeader]: String(journey.attempts) } }
}
