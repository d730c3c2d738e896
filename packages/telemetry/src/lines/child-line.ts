import { entryIn } from './entry-in.ts'
import { isTold, type Level } from './level.ts'
import { plainText } from './plain-text.ts'
import { redact } from './redact.ts'
import { redactPlain } from './redact-line.ts'
import { redactText } from './redact-text.ts'

/** Where a line comes from. */
export interface LineOrigin {
  readonly service: string
  readonly stream: 'stdout' | 'stderr'
  /** Which run of the service: the last lines of one may come when the next has begun. */
  readonly run?: string | undefined
  /** Which of its processes said it, where the service is several. */
  readonly replica?: number | undefined
  /** Lines below this level are not read; all are by default. */
  readonly least?: Level | undefined
}

/** What a process has said in one line. */
export interface ChildRecord {
  readonly level: Exclude<Level, 'silent'>
  readonly service: string
  /** Which of its processes said it, where the service is several. */
  readonly replica?: number
  readonly msg: string
  /** ISO 8601, if the line says when. */
  readonly time?: string
  /** Whatever else it says, without secrets. */
  readonly fields: Readonly<Record<string, unknown>>
}

const levels: Readonly<Record<string, ChildRecord['level']>> = {
  ...{
    trace: 'trace',
    silly: 'trace',
    finest: 'trace',
    finer: 'trace',
    debug: 'debug',
    verbose: 'debug',
    fine: 'debug',
  },
  ...{
    info: 'info',
    information: 'info',
    notice: 'info',
    log: 'info',
    http: 'info',
    note: 'info',
    default: 'info',
  },
  ...{
    warn: 'warn',
    warning: 'warn',
    wrn: 'warn',
    error: 'error',
    err: 'error',
    severe: 'error',
    exception: 'error',
  },
  ...{ fatal: 'fatal', critical: 'fatal', crit: 'fatal', alert: 'fatal', emerg: 'fatal', emergency: 'fatal' },
  ...{ panic: 'fatal', dpanic: 'fatal' },
}
const levelNames = ['level', 'severity', 'levelname', 'lvl', 'loglevel', 'log.level']
const messageNames = ['msg', 'message', 'event', '@message', 'short_message']
const timeNames = ['time', 'timestamp', '@timestamp', 'ts', 'datetime', 'asctime']

/**
 * Reads a line of a process's output; `undefined` for an empty one, and for one below `least`.
 *
 * A JSON object, as pino, bunyan, winston, structlog, zap and others write it, keeps its level (a name, or a number of pino's or syslog's), message,
 * time and fields. Any other line is its own message: `info`, or `warn` if it comes from stderr, unless it says another level (`ERROR: …`,
 * `[warn] …`, `level=debug …`, `TypeError: …`). Colours are taken away and secrets redacted. Pure; never throws.
 */
export function childLine(line: string, origin: LineOrigin): ChildRecord | undefined {
  const said = plainText(line)
  const entry = entryIn(said)
  return recordOf({ said, entry, text: () => redactPlain(said, () => entry) }, origin)
}

/** A line without colours, the object that it may be, and the line without secrets. */
export interface SaidLine {
  readonly said: string
  readonly entry: ReturnType<typeof entryIn>
  readonly text: () => string
}

/** What `childLine` reads in a line. */
export function recordOf({ said, entry, text }: SaidLine, origin: LineOrigin): ChildRecord | undefined {
  if (said === '') return undefined
  const { service, stream, replica, least = 'trace' } = origin
  const from = replica === undefined ? { service } : { service, replica }
  const usual = stream === 'stderr' ? 'warn' : 'info'
  if (entry === undefined) {
    const level = spoken(said) ?? usual
    return isTold(level, least) ? { level, ...from, msg: text(), fields: {} } : undefined
  }
  const { msg, when, ...rest } = taken(entry)
  const level = levelOf(rest.level) ?? usual
  if (!isTold(level, least)) return undefined
  const own = plainText(
    typeof msg === 'string' ? msg : msg === undefined ? messageOf(rest.fields) : toldAs(msg),
  )
  return {
    level,
    ...from,
    // Of what has nothing to hide, no part has.
    msg: text() === said ? own : redactText(own),
    ...(when !== undefined && { time: when }),
    fields: redact(rest.fields) as Readonly<Record<string, unknown>>,
  }
}

interface Parts {
  readonly level: unknown
  readonly msg: unknown
  /** ISO 8601. */
  readonly when: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
}

/** What is known of a service anyway, and what is no field at all. */
const known = new Set(['service', 'hostname', 'v', '__proto__'])

/** The parts of an entry by their usual names; the first of each kind counts, the others are fields, a `time` that is none as `time_`. */
function taken(entry: Readonly<Record<string, unknown>>): Parts {
  const nameOf = (names: readonly string[]): string => names.find((name) => Object.hasOwn(entry, name)) ?? ''
  const level = nameOf(levelNames)
  const msg = nameOf(messageNames)
  // Many call how long something took `time`, too.
  let time = ''
  let when: string | undefined
  for (const name of timeNames) {
    when = moment(read(entry, name))
    if (when === undefined) continue
    time = name
    break
  }
  const fields: Record<string, unknown> = {}
  for (const key of Object.keys(entry)) {
    if (key === level || key === msg || key === time || known.has(key)) continue
    fields[key === 'time' ? 'time_' : key] = entry[key]
  }
  return { level: read(entry, level), msg: read(entry, msg), when, fields }
}

function read(entry: Readonly<Record<string, unknown>>, name: string): unknown {
  return name === '' ? undefined : entry[name]
}

function levelOf(level: unknown): ChildRecord['level'] | undefined {
  if (typeof level === 'string') return /^\d{1,2}$/.test(level) ? numbered(Number(level)) : named(level)
  return typeof level === 'number' ? numbered(level) : undefined
}

function named(level: string): ChildRecord['level'] | undefined {
  const name = level.toLowerCase()
  return Object.hasOwn(levels, name) ? levels[name] : undefined
}

/** Below 8 it is a severity of syslog (RFC 5424), from 10 a level of pino's and bunyan's. */
function numbered(level: number): ChildRecord['level'] | undefined {
  if (!(level >= 0)) return undefined
  if (level < 8)
    return (['fatal', 'fatal', 'fatal', 'error', 'warn', 'info', 'info', 'debug'] as const)[Math.floor(level)]
  return (['trace', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const)[
    Math.min(6, Math.floor(level / 10))
  ]
}

const start = /^(?:[\d\-/:.,Z+ ]|(?<=\d)T(?=\d)){0,40}/
const loud = /^(?:[[(<]([A-Za-z]{3,11})[\])>]|([A-Za-z]{3,11}):(?!\/\/)|([A-Z]{3,11})(?=[\s|-]))/
const failure =
  /^(?:Uncaught )?[A-Z][A-Za-z]{0,40}(?:Error|Exception)\b|^Traceback \(most recent|^panic: |^Unhandled /
const pair = /(?:^|[\s,])(?:level|lvl|severity)=["']?([A-Za-z]{3,11})/

/** The level that a line of plain text says it has. */
function spoken(text: string): ChildRecord['level'] | undefined {
  const head = text.slice(0, 300)
  const rest = head.slice(start.exec(head)?.[0].length ?? 0)
  const word = loud.exec(rest)
  const level = named(word?.[1] ?? word?.[2] ?? word?.[3] ?? '') ?? named(pair.exec(head)?.[1] ?? '')
  return level ?? (failure.test(rest) ? 'error' : undefined)
}

/** ISO 8601 of a date, or of seconds, milliseconds, microseconds or nanoseconds since 1970. */
function moment(time: unknown): string | undefined {
  if (typeof time !== 'number' && typeof time !== 'string') return undefined
  const number =
    typeof time === 'number' ? time : /^\d{9,19}(?:\.\d+)?$/.test(time) ? Number(time) : undefined
  if (number === undefined ? !/\b(?:19|20)\d\d\b/.test(String(time)) : number < earliest) return undefined
  const date = new Date(number === undefined ? String(time) : milliseconds(number))
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

/** A number below it is no moment, and a text without a year is none either: 1973, in seconds. */
const earliest = 1e8

function milliseconds(number: number): number {
  if (number < 1e11) return number * 1e3
  if (number < 1e14) return number
  return number < 1e17 ? number / 1e3 : number / 1e6
}

function messageOf(fields: Readonly<Record<string, unknown>>): string {
  const error = Object(fields['err'] ?? fields['error']) as { readonly message?: unknown }
  return typeof error.message === 'string' ? error.message : ''
}

function toldAs(message: unknown): string {
  return JSON.stringify(redact(message)) ?? ''
}
