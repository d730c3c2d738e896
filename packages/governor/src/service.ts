import { checkCrew } from './crew/check-crew.ts'
import type { HeldListener } from './held-listener.ts'
import type { Schedule } from './life/schedule.ts'
import type { Probe } from './probe/probe.ts'
import type { RuntimeEnvironment } from './process/runtime-environment.ts'
import type { OnGovernorDeath } from './process/unit.ts'
import { type Autoscale, type ScalingRules, scalingRules } from './scaling/autoscale.ts'
import { checkScaled } from './scaling/check-scaled.ts'
import { checkService } from './service-check.ts'

/** What to run, and how it should be kept running. Durations are ms, sizes bytes. */
export interface ServiceSpec {
  readonly name: string
  /** The program and its arguments; no shell is involved (`commandWords` splits a string). */
  readonly command: readonly string[]
  readonly cwd?: string
  /** Where its programs are, further variables, and whom it runs as; looked up before anything is started, and for every start. */
  readonly environment?: RuntimeEnvironment
  /** Added to the environment of the governor. */
  readonly env?: Readonly<Record<string, string>>
  /** Services that must be ready, or done, before this one is first started. */
  readonly needs?: readonly string[]
  /**
   * How to tell that it is ready; without one it is ready once it is alive. A service that is never restarted is a job:
   * without a probe of its own it has `{ exit: true }`, so that what needs it starts when it is done.
   */
  readonly ready?: Probe
  /** A start that is not ready in this time is killed and tried again. Default 30 000; a job may take as long as it likes. */
  readonly startTimeout?: number
  /** How to tell, again and again, that it still works once it is ready. */
  readonly alive?: Liveness
  /** What asks it to end. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
  /** From `stopSignal` to SIGKILL. Default 4 000. */
  readonly stopGrace?: number
  /** When it is started again after it ended by itself. Default always. */
  readonly restart?: RestartPolicy
  /** Exit codes with which it ended well. Default 0. */
  readonly successCodes?: readonly number[]
  /** Wait before a restart: `random() * min(initial * factor ^ n, max)`. Default 200, 30 000, 2. */
  readonly backoff?: Partial<Backoff>
  /** A run that was ready this long is restarted at once, and forgives the failures before it. Default 10 000. */
  readonly stableAfter?: number
  /** More restarts after a failure than this, in that time, and it is given up (OTP's intensity and period). Default never. */
  readonly giveUp?: GiveUp
  /** The services that it falls and rises with. */
  readonly group?: Group
  /** Run before each start; a start whose `before` fails has failed. */
  readonly before?: readonly string[]
  /** Run after each run of the command, however it ended. Its failure is told and changes nothing. */
  readonly after?: readonly string[]
  /** How long `before` and `after` may take before they are killed. Default 30 000. */
  readonly hookTimeout?: number
  /** Memory that it may have with all that it started; a service found above it twice in a row is restarted. */
  readonly maxMemory?: number
  /** When it is restarted though nothing is wrong with it. */
  readonly restartAt?: Schedule
  /**
   * When the governor is killed: `kill` ends the service with it, `adopt` lets it live on until the next governor of the same
   * state directory takes it over. Default kill. Not to be had together with `listen`, since nobody could hold those sockets meanwhile.
   */
  readonly onGovernorDeath?: OnGovernorDeath
  /** Sockets handed to the child as fd 3, 4 …, as sd_listen_fds(3) has it: LISTEN_FDS, LISTEN_PID, LISTEN_FDNAMES (the ports). */
  readonly listen?: readonly HeldListener[]
  /**
   * How many processes it is. They share its sockets, and each finds its number, from 1, in HOLDFAST_REPLICA. Default 1.
   */
  readonly replicas?: number
  /** How many of them must be ready before what needs it is started. Default 1, since one answers on the socket of all. */
  readonly enough?: number
  /** How many are replaced at a time, each by one that is started beside it; only where sockets are held. Default 1. */
  readonly surge?: number
  /**
   * 1 keeps a process that has booted and waits, and takes the place of a replica as soon as that ends by itself.
   *
   * It finds a descriptor in HOLDFAST_SPARE_FD, and begins when it can read a line there: `go` and the number of the
   * replica that it is. Until then it must not listen, nor say that it is ready. Default 0.
   */
  readonly spare?: 0 | 1
  /** How many replicas there are, by what they have to do; not to be had together with `replicas`. It begins with `min`. */
  readonly autoscale?: Autoscale
}

/** `always`; `on-failure`, unless it ended well; `never`, whatever happened. */
export type RestartPolicy = 'always' | 'on-failure' | 'never'

export interface Backoff {
  readonly initial: number
  readonly max: number
  readonly factor: number
}

export interface GiveUp {
  readonly restarts: number
  readonly within: number
}

/** Checks of a service that is ready: `failures` in a row and it is restarted. Default every 10 000, timeout 2 000, 3. */
export interface Liveness {
  readonly probe: Probe
  readonly every?: number
  readonly timeout?: number
  readonly failures?: number
}

/**
 * Services that are restarted together, as OTP's supervisors do it, and given up together.
 *
 * When one falls, `one-for-one` leaves the others alone, `one-for-all` restarts them all, and `rest-for-one` those that
 * need it, directly or through others. They stop in reverse order of need, and start in order of need.
 */
export interface Group {
  readonly name: string
  readonly strategy: Strategy
}

export type Strategy = 'one-for-one' | 'one-for-all' | 'rest-for-one'

type Optional =
  | 'cwd'
  | 'environment'
  | 'ready'
  | 'giveUp'
  | 'group'
  | 'before'
  | 'after'
  | 'maxMemory'
  | 'restartAt'

/** A `ServiceSpec` that was checked, with its defaults filled in. */
export type Service = Required<Omit<ServiceSpec, Optional | 'backoff' | 'alive' | 'autoscale'>> &
  Pick<ServiceSpec, Optional> & {
    readonly backoff: Backoff
    readonly alive?: Required<Liveness>
    readonly autoscale?: ScalingRules
  }

/** Checks a spec and fills in its defaults; throws `BAD_SERVICE`, naming the option and the value received, and `BAD_ENVIRONMENT`. */
export const service = (spec: ServiceSpec): Service => {
  const {
    alive,
    autoscale,
    backoff,
    ready = spec.restart === 'never' ? { exit: true } : undefined,
    ...said
  } = spec
  const job = ready !== undefined && 'exit' in ready
  const rules = autoscale && scalingRules(spec.name, autoscale)
  const filled: Service = {
    env: {},
    needs: [],
    startTimeout: job ? Infinity : 30_000,
    stopSignal: 'SIGTERM',
    stopGrace: 4_000,
    restart: 'always',
    successCodes: [0],
    stableAfter: 10_000,
    hookTimeout: 30_000,
    onGovernorDeath: 'kill',
    listen: [],
    replicas: rules?.min ?? 1,
    enough: 1,
    surge: 1,
    spare: 0,
    ...said,
    ...(ready && { ready }),
    ...(rules && { autoscale: rules }),
    ...(alive && { alive: { every: 10_000, timeout: 2_000, failures: 3, ...alive } }),
    backoff: { initial: 200, max: 30_000, factor: 2, ...backoff },
  }
  checkService(filled)
  checkCrew(filled)
  checkScaled(filled, spec)
  return filled
}

/** Whether it is ready for what needs it only once it has ended well. */
export const isJob = ({ ready }: Service): boolean => ready !== undefined && 'exit' in ready
