import { type KeptLine, type LogReader, logFiles, logReader } from '@holdfast/governor'
import { type Clock, HoldfastError, systemClock } from '@holdfast/policy'
import { type ChildRecord, childLine, type Level } from '@holdfast/telemetry/lines'
import { logFolder } from './state-folder.ts'

export interface KeptRecordsOptions {
  /** Of these only, a replica as `web.2`; of all when there are none. */
  readonly services?: readonly string[]
  /** How many of those that are there are given at most, the latest. */
  readonly last?: number
  /** Older ones are left out, in ms since 1970. */
  readonly since?: number
  /** The least level that is given. */
  readonly least?: Level
  /** Goes on with what is written from now on, until it is aborted. */
  readonly follow?: AbortSignal
  readonly clock?: Clock
}

/** A line that was kept, read as it would have been told. */
export interface KeptRecord extends ChildRecord {
  /** When the governor read it, ISO 8601. */
  readonly time: string
  readonly stream: KeptLine['stream']
}

/** How often it is looked for more, in ms. */
const every = 100
/** How many are given at once at most. */
const atOnce = 1_000
/** How far back it is looked for the latest lines at first, in bytes of each service's log, and how many times further then. */
const near = 65_536
const further = 8

/**
 * What the services of a file wrote, some lines at a time, by time, whether they run or not.
 *
 * Rejects with `NO_LOG` for a service of which nothing is kept; while it follows, it waits for that instead.
 */
export async function* keptRecords(
  file: string,
  options: KeptRecordsOptions = {},
): AsyncGenerator<readonly KeptRecord[]> {
  const { last = Infinity, since = -Infinity, least = 'trace', follow, clock = systemClock } = options
  const folder = logFolder(file)
  const services = options.services?.length ? options.services : undefined
  const read = services && { services: [...new Set([...services, ...services.map(withoutReplica)])] }
  const wanted = new Set(services)
  const isWanted = ({ service, replica = 1 }: KeptLine): boolean =>
    !services || wanted.has(service) || wanted.has(`${service}.${replica}`)
  if (!follow) demandKept(folder, services)
  const from = Number.isFinite(since) ? new Date(since).toISOString() : ''
  /** Those that are there now, as many as may be given at once. */
  const some = (reader: LogReader): readonly KeptRecord[] => {
    const found: KeptRecord[] = []
    while (found.length < atOnce) {
      const line = reader.next()
      if (!line) break
      const record = line.time < from || !isWanted(line) ? undefined : recordOf(line, least)
      if (record) found.push(record)
    }
    return found
  }
  /** The latest, and who reads what comes after them. */
  const latest = (reach: number): { readonly reader: LogReader; readonly records: readonly KeptRecord[] } => {
    const reader = logReader({ folder, since, reach, ...read })
    let records: readonly KeptRecord[] = []
    for (let found = some(reader); found.length > 0; found = some(reader))
      records = [...records, ...found].slice(-last)
    const whole = reader.whole()
    const enough = records.length === last && records.every(({ time }) => time > whole)
    if (enough || whole <= from) return { reader, records }
    reader[Symbol.dispose]()
    return latest(reach * further)
  }

  const begun =
    last < Infinity ? latest(near) : { reader: logReader({ folder, since, ...read }), records: [] }
  using reader = begun.reader
  yield begun.records
  for (;;) {
    for (let found = some(reader); found.length > 0 && !follow?.aborted; found = some(reader)) yield found
    if (!follow || follow.aborted) return
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel()
        follow.removeEventListener('abort', done)
        resolve()
      }
      const cancel = clock.after(every, done)
      follow.addEventListener('abort', done)
    })
  }
}

function recordOf(kept: KeptLine, least: Level): KeptRecord | undefined {
  const { service, replica, stream, line, time } = kept
  const from = { service, replica, stream: stream === 'holdfast' ? 'stderr' : stream } as const
  const record = childLine(line, { ...from, least })
  return record && { ...record, time, stream }
}

function withoutReplica(name: string): string {
  return name.replace(/\.[1-9]\d{0,8}$/, '')
}

function demandKept(folder: string, services: readonly string[] = []): void {
  const kept = new Set(logFiles(folder).map(({ service }) => service))
  for (const service of services) {
    if (kept.has(service) || kept.has(withoutReplica(service))) continue
    const others =
      kept.size > 0 ? `there are those of ${[...kept].sort().join(', ')}` : 'there are none at all'
    throw new HoldfastError(
      'NO_LOG',
      `no log of '${service.slice(0, 100)}' is kept: ${others}`,
      'name one of those, or start it with `holdfast up`',
    )
  }
}
