import * as cockatiel from 'cockatiel'
import { Effect, Semaphore } from 'effect'
import { CircuitBreaker as EffectBreaker } from 'effect/persistence'
import * as mollitia from 'mollitia'
import Opossum from 'opossum'
import pRetry from 'p-retry'
import pTimeout from 'p-timeout'
import { LIMIT, ROOM } from './holdfast.ts'
import type { Gated, Timed } from './timing.ts'

const work = async () => 1
const { handleAll, TimeoutStrategy } = cockatiel
const { Cooperative, Aggressive } = TimeoutStrategy

const count = () => new cockatiel.CountBreaker({ threshold: 0.5, size: 100 })
const sampling = () => new cockatiel.SamplingBreaker({ threshold: 0.5, duration: 10_000, minimumRps: 5 })
const broken = (breaker = count()) => cockatiel.circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker })
const retried = () => cockatiel.retry(handleAll, { maxAttempts: 3 })
const byCockatiel = (name: string, policy: ReturnType<typeof broken>): Timed => ({
  name,
  library: 'cockatiel',
  call: () => policy.execute(work),
})

const three = [
  new mollitia.Retry({ attempts: 2, interval: 100 }),
  new mollitia.SlidingCountBreaker({ slidingWindowSize: 100 }),
]
const byMollitia = (
  name: string,
  ...modules: ConstructorParameters<typeof mollitia.Circuit>[0]['options']['modules']
): Timed => {
  const circuit = new mollitia.Circuit({ func: work, options: { modules } })
  return { name, library: 'mollitia', call: () => circuit.execute() }
}

const byOpossum = (name: string, options: ConstructorParameters<typeof Opossum>[1]): Timed => {
  const circuit = new Opossum(work, options)
  return { name, library: 'opossum', call: () => circuit.fire() }
}

const lean = { timeout: false, rollingPercentilesEnabled: false, enableSnapshots: false } as const
const inRetry = new Opossum(work, { timeout: LIMIT, capacity: ROOM })
const effect = Effect.promise(work)
const careful = Effect.timeout(Effect.retry(Effect.tryPromise(work), { times: 2 }), LIMIT)
const semaphore = Semaphore.makeUnsafe(ROOM)
const byEffect = (name: string, program: Effect<unknown>): Timed => ({
  name,
  library: 'effect',
  call: () => Effect.runPromise(program),
})

/** An Effect that calls through a breaker in memory. */
async function effectBreaker(tripPolicy: object, program: Effect<unknown>): Promise<Effect<unknown>> {
  const made = EffectBreaker.make({ tripPolicy, openDuration: 3_600_000 })
  const circuit = await Effect.runPromise(
    Effect.scoped(Effect.provide(made, EffectBreaker.layerStoreMemory())),
  )
  return circuit.execute(program, { key: 'one' })
}

/** One policy each. */
export async function single(): Promise<Timed[]> {
  const rate = EffectBreaker.rate({ size: 100, threshold: 0.5, minimumCalls: 100 })
  return [
    byCockatiel('breaker consecutive', broken(new cockatiel.ConsecutiveBreaker(5))),
    byCockatiel('breaker count(100)', broken()),
    byCockatiel('breaker time window', broken(sampling())),
    byOpossum('breaker, lean', lean),
    byOpossum('breaker, defaults', { timeout: false }),
    byMollitia('breaker count(100)', new mollitia.SlidingCountBreaker({ slidingWindowSize: 100 })),
    byMollitia('breaker time(1 s)', new mollitia.SlidingTimeBreaker({ slidingWindowSize: 1_000 })),
    byEffect('runPromise only', effect),
    byEffect('breaker rate(100)', await effectBreaker(rate, effect)),
    byCockatiel('retry', retried()),
    { name: 'retry', library: 'p-retry', call: () => pRetry(work, { retries: 2 }) },
    byMollitia('retry', new mollitia.Retry({ attempts: 2, interval: 100 })),
    byEffect('retry', Effect.retry(Effect.tryPromise(work), { times: 2 })),
    byCockatiel('timeout cooperative', cockatiel.timeout(LIMIT, Cooperative)),
    byCockatiel('timeout aggressive', cockatiel.timeout(LIMIT, Aggressive)),
    { name: 'timeout', library: 'p-timeout', call: () => pTimeout(work(), { milliseconds: LIMIT }) },
    byMollitia('timeout', new mollitia.Timeout({ delay: LIMIT })),
    byOpossum('breaker + timeout', { timeout: LIMIT }),
    byEffect('timeout', Effect.timeout(effect, LIMIT)),
  ]
}

/** As much of retry, breaker, timeout, bulkhead and budget as each has. */
export const composed: readonly Timed[] = [
  byCockatiel(
    'retry + breaker + timeout cooperative',
    cockatiel.wrap(retried(), broken(), cockatiel.timeout(LIMIT, Cooperative)),
  ),
  byCockatiel(
    'retry + breaker + timeout aggressive',
    cockatiel.wrap(retried(), broken(), cockatiel.timeout(LIMIT, Aggressive)),
  ),
  byCockatiel('the same cooperative + bulkhead', wrapped(Cooperative)),
  byCockatiel('the same aggressive + bulkhead', wrapped(Aggressive)),
  {
    name: 'breaker + timeout + capacity in p-retry',
    library: 'opossum',
    call: () => pRetry(() => inRetry.fire(), { retries: 2 }),
  },
  byMollitia('retry + breaker + timeout', ...three, new mollitia.Timeout({ delay: LIMIT })),
  byMollitia(
    'retry + breaker + timeout + bulkhead',
    ...three,
    new mollitia.Bulkhead({ concurrentSize: ROOM, queueSize: 0 }),
    new mollitia.Timeout({ delay: LIMIT }),
  ),
  byEffect('retry + timeout', careful),
  byEffect('retry + timeout + semaphore', semaphore.withPermits(1)(careful)),
]

/** The nearest to our full pipeline that cockatiel has. */
export function wrapped(strategy: 'optimistic' | 'aggressive') {
  return cockatiel.wrap(retried(), broken(), cockatiel.bulkhead(ROOM), cockatiel.timeout(LIMIT, strategy))
}

/** Many calls at once. */
export function together(): Gated[] {
  const policy = wrapped(Aggressive)
  const gated = new Opossum((work: () => Promise<void>) => work(), { timeout: LIMIT, capacity: ROOM })
  const permits = Semaphore.makeUnsafe(ROOM)
  return [
    {
      name: 'retry + breaker + timeout + bulkhead',
      library: 'cockatiel',
      begin: (work) => policy.execute(work),
    },
    {
      name: 'breaker + timeout + capacity in p-retry',
      library: 'opossum',
      begin: (work) => pRetry(() => gated.fire(work), { retries: 2 }),
    },
    {
      name: 'retry + timeout + semaphore',
      library: 'effect',
      begin(work) {
        const careful = Effect.timeout(Effect.retry(Effect.tryPromise(work), { times: 2 }), LIMIT)
        return Effect.runPromise(permits.withPermits(1)(careful))
      },
    },
  ]
}

/** An open breaker turns the call away. */
export async function shedding(): Promise<Timed[]> {
  const down = async () => {
    throw new Error('down')
  }
  const policy = cockatiel.circuitBreaker(handleAll, {
    halfOpenAfter: 3_600_000,
    breaker: new cockatiel.ConsecutiveBreaker(1),
  })
  await policy.execute(down).catch(() => {})
  const circuit = new Opossum(work, { ...lean, resetTimeout: 3_600_000 })
  circuit.open()
  const opened = new mollitia.Circuit({
    func: work,
    options: {
      modules: [
        new mollitia.SlidingCountBreaker({
          slidingWindowSize: 100,
          state: 'opened',
          openStateDelay: 3_600_000,
        }),
      ],
    },
  })
  await opened.execute().catch(() => {})
  const program = await effectBreaker(EffectBreaker.consecutive(1), Effect.tryPromise(down))
  await Effect.runPromise(program).catch(() => {})
  return [
    { name: 'thrown', library: 'cockatiel', call: () => policy.execute(work), rejects: true },
    { name: 'thrown', library: 'opossum', call: () => circuit.fire(), rejects: true },
    { name: 'thrown', library: 'mollitia', call: () => opened.execute(), rejects: true },
    { name: 'thrown', library: 'effect', call: () => Effect.runPromise(program), rejects: true },
  ]
}
