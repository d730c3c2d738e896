// What the benchmark uses of the libraries it compares with. Their packages are installed by `npm run bench` only, so that the types cannot come
// from them. A .cts file, because in a module these would only add to what is installed.

declare module 'cockatiel' {
  interface Context {
    readonly signal: AbortSignal
  }
  interface CockatielPolicy {
    execute<T>(work: (context: Context) => PromiseLike<T> | T, signal?: AbortSignal): Promise<T>
  }
  interface Counting {
    success(state: number): void
  }
  export const handleAll: object
  export const TimeoutStrategy: { readonly Cooperative: 'optimistic'; readonly Aggressive: 'aggressive' }
  export class ConsecutiveBreaker implements Counting {
    constructor(failures: number)
    success(): void
  }
  export class CountBreaker implements Counting {
    constructor(options: { threshold: number; size: number })
    success(state: number): void
  }
  export class SamplingBreaker implements Counting {
    constructor(options: { threshold: number; duration: number; minimumRps?: number })
    success(state: number): void
  }
  export function circuitBreaker(
    which: object,
    options: { halfOpenAfter: number; breaker: Counting },
  ): CockatielPolicy
  export function retry(which: object, options: { maxAttempts: number; backoff?: object }): CockatielPolicy
  export function timeout(ms: number, strategy: 'optimistic' | 'aggressive'): CockatielPolicy
  export function bulkhead(limit: number, queue?: number): CockatielPolicy
  export function wrap(...policies: CockatielPolicy[]): CockatielPolicy
}

declare module 'opossum' {
  interface OpossumOptions {
    timeout?: number | false
    capacity?: number
    errorThresholdPercentage?: number
    rollingPercentilesEnabled?: boolean
    enableSnapshots?: boolean
    resetTimeout?: number
  }
  // biome-ignore lint/style/noDefaultExport: so it is there
  export default class CircuitBreaker<A extends unknown[], T> {
    constructor(action: (...given: A) => Promise<T>, options?: OpossumOptions)
    fire(...given: A): Promise<T>
    open(): void
    shutdown(): void
  }
}

declare module 'mollitia' {
  interface Module {
    readonly name: string
  }
  type MollitiaWork = (...params: unknown[]) => Promise<unknown>
  export class Circuit {
    constructor(factory: { func: MollitiaWork; options: { modules: Module[] } })
    execute(): Promise<unknown>
  }
  interface Window {
    slidingWindowSize: number
    minimumNumberOfCalls?: number
    openStateDelay?: number
    state?: 'closed' | 'opened'
  }
  export class SlidingCountBreaker implements Module {
    readonly name: string
    constructor(options: Window)
  }
  export class SlidingTimeBreaker implements Module {
    readonly name: string
    constructor(options: Window)
  }
  export class Retry implements Module {
    readonly name: string
    constructor(options: { attempts: number; interval: number })
  }
  export class Timeout implements Module {
    readonly name: string
    constructor(options: { delay: number })
  }
  export class Bulkhead implements Module {
    readonly name: string
    constructor(options: { concurrentSize: number; queueSize: number })
  }
}

declare module 'effect' {
  interface Effect<T> {
    readonly of: T
  }
  interface Layer {
    readonly layer: true
  }
  type Step = <T>(effect: Effect<T>) => Effect<T>
  export const Effect: {
    promise<T>(work: () => Promise<T>): Effect<T>
    tryPromise<T>(work: () => Promise<T>): Effect<T>
    retry<T>(effect: Effect<T>, options: { times: number }): Effect<T>
    timeout<T>(effect: Effect<T>, ms: number): Effect<T>
    runPromise<T>(effect: Effect<T>): Promise<T>
    provide<T>(effect: Effect<T>, layer: Layer): Effect<T>
    scoped<T>(effect: Effect<T>): Effect<T>
  }
  export const Semaphore: { makeUnsafe(permits: number): { withPermits(permits: number): Step } }
}

declare module 'effect/persistence' {
  import type { Effect, Layer } from 'effect'

  interface Circuit {
    execute<T>(effect: Effect<T>, options: { key: string }): Effect<T>
  }
  export const CircuitBreaker: {
    make(options: { tripPolicy: object; openDuration: number }): Effect<Circuit>
    rate(options: { size: number; threshold: number; minimumCalls: number }): object
    consecutive(failures: number): object
    layerStoreMemory(): Layer
  }
}

declare module 'p-retry' {
  // biome-ignore lint/style/noDefaultExport: so it is there
  export default function pRetry<T>(work: () => Promise<T>, options: { retries: number }): Promise<T>
}

declare module 'p-timeout' {
  // biome-ignore lint/style/noDefaultExport: so it is there
  export default function pTimeout<T>(promise: Promise<T>, options: { milliseconds: number }): Promise<T>
}
