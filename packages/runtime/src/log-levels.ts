import { isDeepStrictEqual } from 'node:util'
import { HoldfastError } from '@holdfast/policy'
import { type Level, levels } from '@holdfast/telemetry/lines'

/** The least level that is told: of every service, and of those that have one of their own. */
export interface LogLevels {
  readonly level: Level
  readonly services: Readonly<Record<string, Level>>
}

/** What to change: the level of every service, or of one; `default` gives that one the level of all the others again. */
export interface LogLevelChange {
  readonly level: Level | 'default'
  readonly service?: string | undefined
}

export interface LogLevelsOptions {
  /** What the file says. */
  readonly from: LogLevels
  /** The services there are. */
  readonly services: readonly string[]
  /** Called after each change. */
  readonly changed?: () => void
}

/** The levels of a running Holdfast. */
export interface LogLevelBook {
  all(): LogLevels
  /** The least that is told of a service. */
  of(service: string): Level
  /** Throws `BAD_LOG_LEVEL` or `UNKNOWN_SERVICE`; answers with all that holds from now on. */
  change(change: unknown): LogLevels
  /** The file was read again: there are these services now, and what it says holds if it is not what it said before. */
  reread(from: LogLevels, services: readonly string[]): void
}

/*
 * I1  Every line is judged by the level of its service, or else by that of all; a change holds from the next line on.
 * I2  Only services that there are have a level of their own, so that the book cannot grow.
 */
/** Keeps the levels, which may be changed at any time. */
export function logLevels({ from, services: first, changed }: LogLevelsOptions): LogLevelBook {
  let said = from
  let services = first
  let { level } = from
  let own = new Map(Object.entries(from.services))
  const all = (): LogLevels => ({ level, services: Object.fromEntries(own) })
  return {
    all,
    of: (service) => own.get(service) ?? level,
    change(asked) {
      const { level: to, service } = checked(asked)
      if (service === undefined) {
        if (to === 'default') throw bad(to)
        level = to
      } else {
        if (!services.includes(service)) throw unknown(service, services)
        if (to === 'default') own.delete(service)
        else own.set(service, to)
      }
      changed?.()
      return all()
    },
    reread(next, names) {
      services = names
      if (!isDeepStrictEqual([next.level, next.services], [said.level, said.services])) {
        level = next.level
        own = new Map(Object.entries(next.services))
      }
      for (const name of own.keys()) if (!services.includes(name)) own.delete(name)
      said = next
      changed?.()
    },
  }
}

function checked(asked: unknown): LogLevelChange {
  const { level, service } = Object(asked) as Record<string, unknown>
  if (level !== 'default' && !levels.some((each) => each === level)) throw bad(level)
  if (service !== undefined && typeof service !== 'string') throw bad(service)
  return { level: level as Level | 'default', service }
}

function bad(given: unknown): HoldfastError {
  return new HoldfastError(
    'BAD_LOG_LEVEL',
    `${JSON.stringify(given) ?? String(given)} is no level of a log: there is ${levels.join(', ')}; and default, for a service`,
    'use one of them',
  )
}

function unknown(service: string, known: readonly string[]): HoldfastError {
  return new HoldfastError(
    'UNKNOWN_SERVICE',
    `there is no service '${service.slice(0, 100)}': there is ${known.join(', ')}`,
    'use one of them',
  )
}
