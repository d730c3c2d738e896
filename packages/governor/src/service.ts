import { GovernorError } from './governor-error.ts'
import type { HeldListener } from './held-listener.ts'
import type { Probe } from './probe.ts'

/** What to run, and how it should be kept running. Durations are ms. */
export interface ServiceSpec {
  readonly name: string
  /** The program and its arguments; no shell is involved (`commandWords` splits a string). */
  readonly command: readonly string[]
  readonly cwd?: string
  /** Added to the environment of the governor. */
  readonly env?: Readonly<Record<string, string>>
  /** Services that must be ready before this one is first started. */
  readonly needs?: readonly string[]
  /** How to tell that it is ready; without one it is ready once it is alive. */
  readonly ready?: Probe
  /** A start that is not ready in this time is killed and tried again. Default 30 000. */
  readonly startTimeout?: number
  /** From SIGTERM to SIGKILL. Default 4 000. */
  readonly stopGrace?: number
  /** Wait before a restart: `random() * min(initial * factor ^ n, max)`. Default 200, 30 000, 2. */
  readonly backoff?: Partial<Backoff>
  /** A run that was ready this long is restarted at once, and forgives the failures before it. Default 10 000. */
  readonly stableAfter?: number
  /** Sockets handed to the child as fd 3, 4 …, with LISTEN_FDS set. */
  readonly listen?: readonly HeldListener[]
}

export interface Backoff {
  readonly initial: number
  readonly max: number
  readonly factor: number
}

/** A `ServiceSpec` that was checked, with its defaults filled in. */
export type Service = Required<Omit<ServiceSpec, 'cwd' | 'ready' | 'backoff'>> &
  Pick<ServiceSpec, 'cwd' | 'ready'> & { readonly backoff: Backoff }

/** Checks a spec and fills in its defaults; throws `BAD_SERVICE`, naming the option and the value received. */
export const service = (spec: ServiceSpec): Service => {
  const filled: Service = {
    env: {},
    needs: [],
    startTimeout: 30_000,
    stopGrace: 4_000,
    stableAfter: 10_000,
    listen: [],
    ...spec,
    backoff: { initial: 200, max: 30_000, factor: 2, ...spec.backoff },
  }
  const { name, command, ready, backoff } = filled
  const bad = (option: string, value: unknown, allowed: string): GovernorError =>
    new GovernorError(
      'BAD_SERVICE',
      `service "${name}": ${option} is ${JSON.stringify(value) ?? String(value)}`,
      `use ${allowed}`,
    )
  if (!name) throw bad('name', name, 'a word')
  if (!command[0] || command.some((word) => word.includes('\0')))
    throw bad('command', command, 'a program and its arguments')
  const durations = {
    startTimeout: filled.startTimeout,
    stopGrace: filled.stopGrace,
    stableAfter: filled.stableAfter,
    'backoff.initial': backoff.initial,
    'backoff.max': backoff.max,
  }
  for (const [option, ms] of Object.entries(durations))
    if (!(Number.isFinite(ms) && ms >= 0)) throw bad(option, ms, 'ms, 0 or more')
  if (!(Number.isFinite(backoff.factor) && backoff.factor >= 1))
    throw bad('backoff.factor', backoff.factor, '1 or more')
  if (ready && 'http' in ready && !(URL.canParse(ready.http) && ready.http.startsWith('http://')))
    throw bad('ready.http', ready.http, 'a full address such as http://127.0.0.1:9001/health')
  if (
    ready &&
    'tcp' in ready &&
    !(Number.isInteger(ready.tcp.port) && ready.tcp.port > 0 && ready.tcp.port < 65_536)
  )
    throw bad('ready.tcp.port', ready.tcp.port, 'a port from 1 to 65535')
  // The kernel accepts for a held socket even while no child lives, so such a probe would prove nothing.
  if (ready && 'tcp' in ready && filled.listen.some(({ port }) => port === ready.tcp.port))
    throw bad('ready.tcp', ready.tcp, 'http or line for a port that the governor holds')
  return filled
}
