import { isatty } from 'node:tty'
import { format } from 'node:util'
import { demand, OptionError } from '@holdfast/policy'
import { type Logger as Pino, pino } from 'pino'
import { isTold, type Level, levels } from '../lines/level.ts'
import { prettyLine } from '../lines/pretty-line.ts'
import { redact } from '../lines/redact.ts'
import { activeIds } from './active-ids.ts'
import { type LineSink, type SinkStatus, steadySink } from './steady-sink.ts'

/** What a logger tells, to whom, and how. */
export interface LoggerOptions {
  /** Who speaks: on every line. */
  readonly service: string
  /** `'info'` by default. */
  readonly level?: Level | undefined
  /** For people instead of programs. By default on a terminal only. */
  readonly pretty?: boolean | undefined
  /** A stream, or a file descriptor; 1 by default. */
  readonly destination?: LineSink | number | undefined
  /** Names under which nothing is told, besides those that `redact` knows. */
  readonly redact?: readonly string[] | undefined
  /** The wall clock, in ms since 1970. */
  readonly now?: (() => number) | undefined
}

/** Tells one thing: a message; fields or an error, and a message. Values after it replace `%s`, `%d` and `%j` in it. */
export type Tell = (first: unknown, message?: unknown, ...values: unknown[]) => void

/** Tells what happens. Nothing that it is given, and nothing that becomes of its destination, makes it throw. */
export interface Logger {
  /** May be changed at any time, for this logger and all that come from the same one. */
  level: Level
  readonly trace: Tell
  readonly debug: Tell
  readonly info: Tell
  readonly warn: Tell
  readonly error: Tell
  readonly fatal: Tell
  readonly silent: Tell
  /** A logger that says these fields on every line. */
  child(fields: object): Logger
  /** Lines handed to the destination, and lines lost. */
  status(): SinkStatus
}

const names = ['service', 'level', 'pretty', 'destination', 'redact', 'now']

/**
 * A logger: one JSON object a line, with `level`, `time` (ISO 8601), `service`, `pid`, `trace_id`, `span_id`, `correlation_id`, the fields, and `msg`.
 *
 * Everything goes through `redact`. Errors stand under `err`. The fields `level`, `time`, `service` and `pid`, and `msg` beside a message, are told
 * with a `_` behind their name; ids among the fields stand instead of those that are active. On a
 * terminal lines are for people, in colour unless `NO_COLOR` is set. A destination that breaks loses lines, which are counted, and nothing else.
 */
export function logger(options: LoggerOptions): Logger {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) {
      throw new OptionError(
        `logger.${name}`,
        Reflect.get(options, name),
        `left out; there is ${names.join(', ')}`,
      )
    }
  }
  const { service, level = 'info', destination = 1, redact: keys, now = Date.now } = options
  demand(typeof service === 'string' && service !== '', 'logger.service', service, 'a name')
  const terminal = typeof destination === 'number' && isatty(destination)
  const { pretty = terminal } = options
  const sink = steadySink(destination)
  const colored = terminal && !process.env['NO_COLOR']
  const stream = pretty ? { write: (line: string) => sink.write(prettyLine(line, colored)) } : sink
  const root = pino(
    {
      level: 'trace',
      base: { service, pid: process.pid },
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error) => error },
    },
    stream,
  )
  return new Teller(root, { level: checked(level), keys, status: sink.status })
}

/** What a logger and its children have in common. */
interface Family {
  level: Level
  readonly keys: readonly string[] | undefined
  readonly status: () => SinkStatus
}

class Teller implements Logger {
  readonly #pino: Pino
  readonly #family: Family
  readonly trace = this.#teller('trace')
  readonly debug = this.#teller('debug')
  readonly info = this.#teller('info')
  readonly warn = this.#teller('warn')
  readonly error = this.#teller('error')
  readonly fatal = this.#teller('fatal')
  readonly silent: Tell = () => {}

  constructor(to: Pino, family: Family) {
    this.#pino = to
    this.#family = family
  }

  get level(): Level {
    return this.#family.level
  }

  set level(level: Level) {
    this.#family.level = checked(level)
  }

  child(fields: object): Logger {
    return new Teller(this.#pino.child(apart(this.#fields(fields), beside)), this.#family)
  }

  status(): SinkStatus {
    return this.#family.status()
  }

  #teller(level: Exclude<Level, 'silent'>): Tell {
    return (first, message, ...values) => {
      if (!isTold(level, this.#family.level)) return
      try {
        const text =
          typeof first === 'string'
            ? said(first, message === undefined ? values : [message, ...values])
            : undefined
        const fields = typeof first === 'string' ? {} : this.#fields(first)
        const msg = text ?? (message === undefined ? messageOf(first) : said(String(message), values))
        this.#pino[level]({ ...activeIds(), ...(msg === undefined ? fields : apart(fields, beside)) }, msg)
      } catch {
        // A value that cannot even be looked at is not worth the caller's life.
        this.#pino[level](activeIds(), '[unreadable]')
      }
    }
  }

  #fields(given: unknown): object {
    if (given instanceof Error) return { err: redact(given, { keys: this.#family.keys }) }
    const copy = redact(given, { keys: this.#family.keys })
    if (typeof copy !== 'object' || copy === null || Array.isArray(copy)) return { value: copy }
    return apart(copy, own)
  }
}

const own = ['level', 'time', 'service', 'pid', '__proto__']
/** What a line has itself if it has a message. */
const beside = ['msg']

/** With a `_` behind the names that a line has itself: a line that has one twice is no JSON to many who read it. */
function apart(fields: object, names: readonly string[]): object {
  for (const name of names) {
    if (!Object.hasOwn(fields, name)) continue
    Reflect.set(fields, `${name}_`, Reflect.get(fields, name))
    Reflect.deleteProperty(fields, name)
  }
  return fields
}

function said(message: string, values: readonly unknown[]): string {
  const text = values.length === 0 ? message : format(message, ...values.map((value) => redact(value)))
  return String(redact(text))
}

function messageOf(first: unknown): string | undefined {
  const error = first instanceof Error ? first : Reflect.get(Object(first), 'err')
  return error instanceof Error ? String(redact(String(error.message))) : undefined
}

function checked(level: Level): Level {
  demand(levels.includes(level), 'logger.level', level, `one of ${levels.join(', ')}`)
  return level
}
