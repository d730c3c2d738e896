import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { ResourceLimits } from 'node:worker_threads'
import { GovernorError } from '../governor-error.ts'
import type { Probe } from '../probe/probe.ts'
import { isJob, type Liveness, type Service, type ServiceSpec, service } from '../service.ts'

type Kept =
  | 'name'
  | 'needs'
  | 'startTimeout'
  | 'stopGrace'
  | 'restart'
  | 'successCodes'
  | 'backoff'
  | 'stableAfter'
  | 'giveUp'
  | 'group'
  | 'maxMemory'
  | 'restartAt'
  | 'listen'
  | 'replicas'
  | 'enough'
  | 'surge'

/** What a thread runs, and how it should be kept running. Durations are ms, sizes bytes. */
export interface ThreadSpec extends Pick<ServiceSpec, Kept> {
  /** The module whose `run` is called: a path, from the folder of this process, or a `file:` URL. */
  readonly module: string | URL
  /** Handed to `run`; what the structured clone algorithm can copy. */
  readonly data?: unknown
  /** Added to the environment of this process; the thread has a copy of its own. */
  readonly env?: Readonly<Record<string, string>>
  /** What its heap and its stack may grow to, in MB; a thread that runs out of memory ends alone. */
  readonly resourceLimits?: ResourceLimits
  /** By default when `run` says so or returns; of one that is never restarted, when it has ended well. */
  readonly ready?: Probe
  /** By default whether its event loop turns, unless it is a job. */
  readonly alive?: Partial<Liveness>
}

/** A `ThreadSpec` that was checked, with its defaults filled in; its command is the URL of its module. */
export interface ThreadService extends Service {
  readonly data: unknown
  readonly resourceLimits: ResourceLimits
}

/** Asks for a sign of life from the event loop of a thread; each thread answers for itself. */
export const ping: Probe = () => Promise.reject(new Error('there is no thread to ask'))

/** Checks a spec and fills in its defaults; throws `BAD_SERVICE`, naming the option and the value received. */
export const threadService = (spec: ThreadSpec): ThreadService => {
  const { module, data, resourceLimits = {}, ready, alive, ...kept } = spec
  const bad = (option: string, value: unknown, hint: string) =>
    new GovernorError('BAD_SERVICE', `service "${spec.name}": ${option} is ${String(value)}`, hint)
  const url = urlOf(module)
  if (url?.protocol !== 'file:' || !existsSync(fileURLToPath(url)))
    throw bad('module', module, 'use the path of a file that exists, or its file: URL')
  const job = spec.restart === 'never' && !ready
  const checked = service({
    ...kept,
    command: [url.href],
    ready: ready ?? (job ? { exit: true } : { notify: true }),
  })
  const watched = alive || !isJob(checked) ? { alive: { probe: ping, ...alive } } : {}
  return {
    ...service({ ...kept, command: checked.command, ready: checked.ready!, ...watched }),
    data: copied(data, bad),
    resourceLimits,
  }
}

const urlOf = (module: string | URL): URL | undefined => {
  if (module instanceof URL) return module
  return module.startsWith('file:') ? (URL.parse(module) ?? undefined) : pathToFileURL(resolve(module))
}

const copied = (data: unknown, bad: (option: string, value: unknown, hint: string) => Error): unknown => {
  try {
    return structuredClone(data)
  } catch (error) {
    throw bad('data', `not to be copied (${(error as Error).message})`, 'use plain data, without functions')
  }
}
