import { type Clock, demand, type Random } from '@holdfast/policy'
import type { Sample } from './sampler.ts'

/** What is kept though it was not sampled. Without either, what is not sampled is not recorded, and costs little. */
export interface KeepOptions {
  /** Traces of which a span failed. */
  readonly failed?: boolean
  /** Traces of which the local root took that many ms or more. */
  readonly slowerThan?: number
}

/** A collector. */
export interface CollectorOptions {
  /** The whole address, `http://localhost:4318/v1/traces` say. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** Ms for a batch, further attempts included; 10,000 by default. */
  readonly timeout?: number
}

export interface TracingOptions {
  /** What this process is called. */
  readonly service: string
  /**
   * The share of traces that begin here and are recorded, 0 to 1, or how many of them a second; all by default. A trace that comes from elsewhere is
   * sampled as it is there.
   */
  readonly sample?: Sample
  readonly keep?: KeepOptions
  /** Where kept traces are sent, over OTLP/HTTP as JSON; nowhere by default. */
  readonly otlp?: string | CollectorOptions
  /** How many kept traces can be listed; 1,000 by default, and fewer if they have more than 10 spans each. */
  readonly ring?: number
  /** Traces that may be open at once; 1,000 by default, with 10 spans each on average. */
  readonly mostOpen?: number
  /** Spans of one trace that are recorded; 500 by default. */
  readonly mostSpans?: number
  /** Spans that may wait to be sent; 4,096 by default. */
  readonly queue?: number
  /** Whether what policies do is written onto spans (see `tracePolicies`); it is by default. */
  readonly policies?: boolean
  /** When batches are sent. */
  readonly clock?: Clock
  /** What samples. */
  readonly random?: Random
}

/** The options, with nothing left out. */
export interface TracingSettings {
  readonly service: string
  readonly sample: Sample
  readonly keep: { readonly failed: boolean; readonly slowerThan: number }
  readonly otlp: Required<CollectorOptions> | undefined
  readonly ring: number
  readonly mostOpen: number
  readonly mostSpans: number
  readonly queue: number
  readonly policies: boolean
  readonly clock: Clock
  readonly random: Random
}

/** A clock that keeps no process alive. */
const unhurried: Clock = {
  now: () => performance.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms).unref()
    return () => clearTimeout(timer)
  },
}

const NAMES = [
  'service',
  'sample',
  'keep',
  'otlp',
  'ring',
  'mostOpen',
  'mostSpans',
  'queue',
  'policies',
  'clock',
  'random',
]

export function tracingSettings(options: TracingOptions): TracingSettings {
  object('tracing', options, NAMES)
  const {
    service,
    sample = 1,
    keep = {},
    otlp,
    policies = true,
    clock = unhurried,
    random = Math.random,
  } = options
  const { ring = 1_000, mostOpen = 1_000, mostSpans = 500, queue = 4_096 } = options
  demand(typeof service === 'string' && service !== '', 'tracing.service', service, 'a name')
  demand(isSample(sample), 'tracing.sample', sample, 'a number, 0 to 1, or { perSecond }')
  for (const [name, value] of Object.entries({ ring, mostOpen, mostSpans, queue })) {
    demand(Number.isSafeInteger(value) && value >= 1, `tracing.${name}`, value, 'a whole number, at least 1')
  }
  demand(typeof policies === 'boolean', 'tracing.policies', policies, 'true or false')
  const { now, after } = (clock ?? {}) as Partial<Clock>
  const ticks = typeof now === 'function' && typeof after === 'function'
  demand(ticks, 'tracing.clock', clock, 'a clock, with now() and after(ms, fn)')
  demand(typeof random === 'function', 'tracing.random', random, 'a function')
  object('tracing.keep', keep, ['failed', 'slowerThan'])
  const { failed = false, slowerThan = Infinity } = keep
  demand(typeof failed === 'boolean', 'tracing.keep.failed', failed, 'true or false')
  const isDuration = typeof slowerThan === 'number' && slowerThan >= 0
  demand(isDuration, 'tracing.keep.slowerThan', slowerThan, 'a number of ms, at least 0')
  return {
    service,
    sample,
    keep: { failed, slowerThan },
    otlp: otlp === undefined ? undefined : collector(otlp),
    ring,
    mostOpen,
    mostSpans,
    queue,
    policies,
    clock,
    random,
  }
}

function isSample(sample: unknown): boolean {
  if (typeof sample === 'number') return sample >= 0 && sample <= 1
  const { perSecond } = Object(sample) as { readonly perSecond?: unknown }
  return typeof perSecond === 'number' && perSecond > 0 && perSecond < Infinity
}

function collector(otlp: string | CollectorOptions): Required<CollectorOptions> {
  const given = typeof otlp === 'string' ? { url: otlp } : otlp
  object('tracing.otlp', given, ['url', 'headers', 'timeout'])
  const { url, headers = {}, timeout = 10_000 } = given
  const isAddress = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  demand(isAddress, 'tracing.otlp', url, 'the http or https address of a collector')
  const isDuration = typeof timeout === 'number' && timeout > 0 && timeout < Infinity
  demand(isDuration, 'tracing.otlp.timeout', timeout, 'a number of ms above 0')
  return { url, headers, timeout }
}

function object(where: string, value: unknown, names: readonly string[]): void {
  const ok = typeof value === 'object' && value !== null && !Array.isArray(value)
  demand(ok, where, value, `an object with any of ${names.join(', ')}`)
  for (const [name, given] of Object.entries(value as object)) {
    demand(names.includes(name), `${where}.${name}`, given, `left out; there is ${names.join(', ')}`)
  }
}
