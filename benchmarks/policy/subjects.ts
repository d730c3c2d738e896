import {
  breaker,
  budget,
  bulkhead,
  countWindow,
  type Pipeline,
  retry,
  type Stage,
  statistics,
  timeout,
  wrap,
} from '@holdfast/policy'
import * as cockatiel from 'cockatiel'
import * as mollitia from 'mollitia'
import Opossum from 'opossum'

type Make = () => unknown

const work = async () => 1
const shared = budget()

let key = 0
const askKeyed = wrap(breaker({ perKey: true, maxKeys: 1_000_000 }))

const full = (...first: Stage[]) =>
  wrap(
    ...first,
    retry({ budget: shared }),
    breaker({ trip: countWindow() }),
    bulkhead(1_000),
    timeout(30_000),
  )

async function used(ask: Pipeline): Promise<Pipeline> {
  for (let call = 0; call < 100; call++) await ask(work)
  return ask
}

const ours: Record<string, Make> = {
  'holdfast breaker consecutive': () => breaker(),
  'holdfast breaker count(100)': () => breaker({ trip: countWindow() }),
  'holdfast bulkhead': () => bulkhead(1_000),
  'holdfast budget': () => budget(),
  'holdfast full, count(100)': () => full(),
  'holdfast full, count(100), percentiles': () => full(statistics()),
  'holdfast full, count(100), after 100 calls': () => used(full()),
  'holdfast full, count(100), percentiles, after 100 calls': () => used(full(statistics())),
  'holdfast a key of a breaker': () => askKeyed(work, { key: `key ${key++}` }),
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
