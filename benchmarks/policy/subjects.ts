import { breaker, budget, retry, timeout, wrap } from '@holdfast/policy'
import * as cockatiel from 'cockatiel'
import * as mollitia from 'mollitia'
import Opossum from 'opossum'

type Make = () => unknown

const work = async () => 1
const shared = budget()

const ours: Record<string, Make> = {
  'holdfast breaker consecutive': () => breaker(),
  'holdfast full': () => wrap(retry({ budget: shared }), breaker(), timeout(30_000)),
  'holdfast full, own budget': () => wrap(retry({ budget: budget() }), breaker(), timeout(30_000)),
}

const broken = (breaker: ConstructorParameters<typeof cockatiel.CountBreaker>[0]) =>
  cockatiel.circuitBreaker(cockatiel.handleAll, {
    halfOpenAfter: 10_000,
    breaker: new cockatiel.CountBreaker(breaker),
  })
const count = { threshold: 0.5, size: 100 }

const peers: Record<string, Make> = {
  'cockatiel breaker consecutive': () =>
    cockatiel.circuitBreaker(cockatiel.handleAll, {
      halfOpenAfter: 10_000,
      breaker: new cockatiel.ConsecutiveBreaker(5),
    }),
  'cockatiel breaker count(100)': () => broken(count),
  'cockatiel retry + breaker + timeout': () =>
    cockatiel.wrap(
      cockatiel.retry(cockatiel.handleAll, { maxAttempts: 3 }),
      broken(count),
      cockatiel.timeout(30_000, cockatiel.TimeoutStrategy.Aggressive),
    ),
  'opossum lean': () =>
    new Opossum(work, { timeout: 30_000, rollingPercentilesEnabled: false, enableSnapshots: false }),
  'opossum defaults': () => new Opossum(work, { timeout: 30_000 }),
  'mollitia breaker count(100)': () =>
    new mollitia.Circuit({
      func: work,
      options: { modules: [new mollitia.SlidingCountBreaker({ slidingWindowSize: 100 })] },
    }),
}

/** What is weighed: how to make one of it. */
export const subjects: Readonly<Record<string, Make>> = { ...ours, ...peers }
