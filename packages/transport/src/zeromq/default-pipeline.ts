import { type Clock, type Pipeline, retry, timeout, wrap } from '@holdfast/policy'

/** What is in force where nobody said otherwise: 10 s in all, and three attempts, 20 to 200 ms apart, of what may be repeated. */
export function defaultPipeline(clock: Clock): Pipeline {
  return wrap(timeout(10_000, { clock }), retry({ attempts: 3, backoff: { initial: 20, max: 200 }, clock }))
}
