import type { Clock, Random } from '@holdfast/policy'
import type { Changes } from './changes.ts'
import type { ServiceLine } from './child.ts'
import type { GovernorEvent } from './governor-event.ts'
import type { StartResult } from './life/start-result.ts'
import type { UsageReader } from './process-usage.ts'
import type { ServiceSpec } from './service.ts'
import type { ServiceHealth } from './service-health.ts'
import type { ServiceMetrics } from './service-metrics.ts'
import type { ServiceStatus } from './service-status.ts'

/** What every governor is made of. */
export interface GovernorOptions<Spec = ServiceSpec> {
  readonly services: readonly Spec[]
  readonly clock?: Clock
  readonly random?: Random
  /** The wall clock, in ms since 1970, for schedules. */
  readonly wall?: () => number
  /** How memory and CPU are read; by default from `/proc` or `ps`, and of a thread from itself. */
  readonly usage?: UsageReader
  /** How often services with a `maxMemory` are looked at, in ms. Default 5 000. */
  readonly weighEvery?: number
  /**
   * Every line that a service writes, in order. A promise that it answers with means "no more for now": until it settles,
   * no more than 64 KiB of that output are read, so that a service which writes more is slowed down. What it throws is ignored.
   */
  readonly log?: (line: ServiceLine) => unknown
}

/** Keeps a set of services alive: starts them in order of need, restarts what dies, and stops them without a trace. */
export interface Governor<Spec = ServiceSpec> extends AsyncDisposable {
  /** Hears every event from now on; the answer stops that. What a listener throws is ignored. */
  on(listener: (event: GovernorEvent) => void): () => void
  /**
   * Starts all services, or one with all that it needs, in order of need.
   *
   * Resolves when each is ready, or done if it is a job, or has failed once. One that backs off is tried at once, one
   * that was given up anew, and a job that is done is left alone.
   */
  start(name?: string): Promise<StartResult>
  /**
   * Stops all services in reverse order of need, or only one; resolves when nothing that they started is left and
   * their last lines were given out. Stops of all at the same time share one promise. A later start overtakes it.
   */
  stop(name?: string): Promise<void>
  /**
   * Starts one service anew, or just starts it, done or not; resolves as `start` does.
   *
   * One that is ready and whose sockets are held is replaced process by process, `surge` at a time: the old one is told to
   * stop when the new one beside it is ready. When that is not ready at its first attempt, what ran before goes on, which
   * the result says. All others, and those whose readiness is asked on the held socket itself, are stopped and started.
   */
  restart(name: string): Promise<StartResult>
  /**
   * Has a service be so many processes from now on, 1 or more; `apply` with another number overrules it.
   *
   * More are started beside those that run, which are not touched; the surplus is stopped gracefully, newest first.
   * Resolves as `start` does, once the surplus is gone and the others are ready or have failed once; at once, with both
   * lists empty, for a service that is stopped, which will be so many when it is started. Rejects with `UNKNOWN_SERVICE`
   * and with `BAD_SERVICE`.
   */
  scale(name: string, replicas: number): Promise<StartResult>
  /** All services, in the order in which they were given. */
  status(): ServiceStatus[]
  /**
   * How well all services are, from what is known of them; or one, which is asked now by its `alive` or `ready` probe.
   *
   * An answer takes no longer than 40 ms: one that has not come by then changes nothing of what is known.
   */
  healthCheck(name?: string): Promise<readonly ServiceHealth[]>
  /** All services in numbers. */
  metrics(): Promise<readonly ServiceMetrics[]>
  /**
   * Changes the services to these: stops what is no longer there or is not the same, in reverse order of need, and starts
   * what is new or has changed and ran, in order; what `restart` replaces process by process is replaced so here as well.
   * Everything else goes on untouched, what needs a changed one too, and what only becomes more or fewer processes.
   *
   * Resolves as `start` does, with what was changed. Throws what making a governor throws, and then changes nothing.
   * Calls follow one another, and those of `addHandler` and `removeHandler`; none waits for what another one starts.
   */
  apply(services: readonly Spec[]): Promise<StartResult & Changes>
  /**
   * Adds a service to those that there are, and starts it with all that it needs; resolves as `start` does.
   *
   * Rejects with what making a governor throws, and with `NAME_TAKEN`; then nothing was started. One that is not ready
   * at once is there all the same, and tried again.
   */
  addHandler(spec: Spec): Promise<StartResult>
  /**
   * Stops a service gracefully and forgets it; resolves when nothing of it is left.
   *
   * Rejects with `UNKNOWN_SERVICE`, with `STILL_NEEDED` while another one needs it, and with `STILL_RUNNING` when not even
   * SIGKILL ends it: then it is not forgotten.
   */
  removeHandler(name: string): Promise<void>
}
