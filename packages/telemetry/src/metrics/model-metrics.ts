import type { BreakerState } from '@holdfast/policy'
import type { Distribution, Family, Sample } from '../exposition.ts'
import { Buckets } from './buckets.ts'

/** How an autonomous task ended; `mcp` is the server whose tools it used. */
export interface AutonomousTask {
  readonly mcp?: string
}

/** The collector of the eight metrics that dashboards of the model bridge know. Each call costs a look-up and a few additions. */
export interface ModelMetrics {
  /** A model was loaded, or could not be. Only the duration of a load that succeeded is kept. `ms` is its duration. */
  modelLoad(model: string, ok: boolean, ms: number): void
  /** A model was asked whether it answers. */
  modelVerification(model: string, ok: boolean, ms: number): void
  /** So many models are loaded now. */
  activeModels(count: number): void
  /** The breaker of that operation is in this state now. */
  breakerState(operation: string, state: BreakerState): void
  /** An autonomous task ended after so many rounds. */
  autonomousTask(ok: boolean, ms: number, rounds: number, task?: AutonomousTask): void
  /** The metrics as they stand now. */
  families(): Family[]
}

export interface ModelMetricsOptions {
  /** Models, operations and servers that each metric may have; 1,000. What comes later is not kept, and is counted. */
  readonly most?: number
}

/*
 * I1  A map has at most `most` names; for each observation of another one, `dropped` grows by one.
 * I2  Attempts of a model are its successes and failures.
 */

/** Makes a collector. Names, labels and buckets are those of the model bridge, so that its dashboards and alerts go on working. */
export function modelMetrics({ most = 1_000 }: ModelMetricsOptions = {}): ModelMetrics {
  const loads = new Names(most, () => new Attempts(loadBounds))
  const verifications = new Names(most, () => new Attempts(verificationBounds))
  const breakers = new Names(most, () => ({ value: 0 }))
  const tasks = new Names(most, () => new Tasks())
  let active = 0

  return {
    modelLoad(model, ok, ms) {
      const attempts = loads.of(model)
      if (ok) attempts?.succeeded(ms)
      else attempts?.failed()
    },
    modelVerification(model, ok, ms) {
      const attempts = verifications.of(model)
      if (ok) attempts?.succeeded(ms)
      else attempts?.failed(ms)
    },
    activeModels(count) {
      active = count
    },
    breakerState(operation, state) {
      const gauge = breakers.of(operation)
      if (gauge) gauge.value = levels[state]
    },
    autonomousTask(ok, ms, rounds, { mcp = '' } = {}) {
      tasks.of(mcp)?.ended(ok, ms, rounds)
    },
    families() {
      const dropped = { loads, verifications, breakers, tasks }
      return [
        counter('lms_model_load_attempts_total', 'Attempts to load a model.', byResult(loads)),
        histogram('lms_model_load_duration_seconds', 'How long it took to load a model.', took(loads)),
        counter(
          'lms_model_verification_attempts_total',
          'Verifications of a model.',
          byResult(verifications),
        ),
        histogram(
          'lms_model_verification_duration_seconds',
          'How long it took to verify a model.',
          took(verifications),
        ),
        gauge('lms_active_models', 'Models that are loaded now.', [{ labels: {}, value: active }]),
        gauge(
          'lms_circuit_breaker_state',
          'State of the breaker of an operation: 0 admits calls, 1 does not, 2 probes.',
          breakers.each((operation, { value }) => ({ labels: { operation }, value })),
        ),
        histogram(
          'lms_autonomous_task_duration_seconds',
          'How long an autonomous task took.',
          tasks.each((mcp, of) => of.durations(mcp)).flat(),
        ),
        histogram(
          'lms_autonomous_task_rounds',
          'Rounds that an autonomous task needed.',
          tasks.each((mcp, { rounds }) => rounds.distribution({ mcp_name: mcp })),
        ),
        counter(
          'holdfast_model_observations_dropped_total',
          'Observations of names that came after there were too many.',
          Object.entries(dropped).map(([of, names]) => ({ labels: { of }, value: names.dropped })),
        ),
      ]
    },
  }
}

const loadBounds = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60]
const verificationBounds = [0.01, 0.05, 0.1, 0.5, 1, 2, 5]
const taskBounds = [1, 5, 10, 30, 60, 300, 600]
const roundBounds = [1, 5, 10, 20, 50, 100, 500, 1_000]
const levels = { closed: 0, disabled: 0, observed: 0, open: 1, isolated: 1, 'half-open': 2 } as const

/** What is kept for each name, for so many names. */
class Names<T> {
  readonly #all = new Map<string, T>()
  readonly #most: number
  readonly #make: () => T
  dropped = 0

  constructor(most: number, make: () => T) {
    this.#most = most
    this.#make = make
  }

  of(name: string): T | undefined {
    const known = this.#all.get(name)
    if (known !== undefined) return known
    if (this.#all.size >= this.#most) {
      this.dropped++
      return undefined
    }
    const made = this.#make()
    this.#all.set(name, made)
    return made
  }

  each<R>(change: (name: string, of: T) => R): R[] {
    return [...this.#all].map(([name, of]) => change(name, of))
  }
}

/** Attempts that succeed or fail, and how long they took. */
class Attempts {
  successes = 0
  failures = 0
  readonly took: Buckets

  constructor(bounds: readonly number[]) {
    this.took = new Buckets(bounds)
  }

  succeeded(ms: number): void {
    this.successes++
    this.took.observe(ms / 1_000)
  }

  failed(ms?: number): void {
    this.failures++
    if (ms !== undefined) this.took.observe(ms / 1_000)
  }
}

class Tasks {
  readonly #success = new Buckets(taskBounds)
  readonly #failure = new Buckets(taskBounds)
  readonly rounds = new Buckets(roundBounds)

  ended(ok: boolean, ms: number, rounds: number): void {
    const took = ok ? this.#success : this.#failure
    took.observe(ms / 1_000)
    this.rounds.observe(rounds)
  }

  durations(mcp: string): Distribution[] {
    return [
      this.#success.distribution({ mcp_name: mcp, result: 'success' }),
      this.#failure.distribution({ mcp_name: mcp, result: 'failure' }),
    ]
  }
}

function byResult(attempts: Names<Attempts>): Sample[] {
  const each = attempts.each((model, { successes, failures }) => [
    { labels: { model_name: model, result: 'success' }, value: successes },
    { labels: { model_name: model, result: 'failure' }, value: failures },
  ])
  return each.flat()
}

function took(attempts: Names<Attempts>): Distribution[] {
  return attempts.each((model, { took }) => took.distribution({ model_name: model }))
}

function counter(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'counter', samples }
}

function gauge(name: string, help: string, samples: readonly Sample[]): Family {
  return { name, help, type: 'gauge', samples }
}

function histogram(name: string, help: string, samples: readonly Distribution[]): Family {
  return { name, help, type: 'histogram', samples }
}
