import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { lines } from '../output/lines.ts'
import { type KeptLine, keptLine } from './kept-line.ts'
import { logFiles, logName } from './log-files.ts'
import { placeInLog } from './place-in-log.ts'

export interface LogReaderOptions {
  readonly folder: string
  /** All there are, and those that come, when not given. */
  readonly services?: readonly string[]
  /** Most of what is older is left out, in ms since 1970. */
  readonly since?: number
  /** How many bytes of the end of each service's log are read of what is there at the first look; all when not given. */
  readonly reach?: number
}

/** Reads the logs of services, also while they are written and rotated. */
export interface LogReader extends Disposable {
  /** The next line, by time; undefined when there is none at the moment. */
  next(): KeptLine | undefined
  /** ISO 8601: of what is later nothing was left out because of `reach`; empty when nothing was at all. */
  whole(): string
}

/** Longer than any line that a governor writes: one of 1 Mi grows when a secret in it is longer than what hides it. */
const limit = 4 * 1024 * 1024

/*
 * I1  Every line that was there at the first look, and is not older than `since`, is given once, and so is every later one, however often it is rotated,
 *     as long as its file was not removed before it was looked at.
 * I2  The lines of a service come in order; those of several by time, as far as they are there.
 */
/** Opens the logs in a folder; what is not there yet is found when it comes. */
export const logReader = (options: LogReaderOptions): LogReader => {
  const { folder, services, since = -Infinity, reach = Infinity } = options
  const tails = new Map<string, ServiceTail>()
  const heads = new Map<string, KeptLine>()
  /** Those that may have something; none of them when all were read to their end. */
  const busy = new Set<string>()
  let back = reach
  const begin = () => {
    for (const service of services ?? logFiles(folder).map((each) => each.service))
      if (!tails.has(service)) tails.set(service, serviceTail({ folder, service, since, reach: back }))
    // Who comes later has written nothing before the first look.
    back = Infinity
    for (const service of tails.keys()) busy.add(service)
  }
  return {
    next: () => {
      if (busy.size === 0) begin()
      let first: KeptLine | undefined
      for (const service of busy) {
        const head = heads.get(service) ?? tails.get(service)?.next()
        if (!head) {
          busy.delete(service)
          continue
        }
        heads.set(service, head)
        if (!first || head.time < first.time) first = head
      }
      if (first) heads.delete(first.service)
      return first
    },
    whole: () => [...tails.values()].reduce((last, { from }) => (from() > last ? from() : last), ''),
    [Symbol.dispose]: () => {
      for (const tail of tails.values()) tail.close()
    },
  }
}

interface ServiceTail {
  next(): KeptLine | undefined
  /** When its first line was written, if there is more before it. */
  from(): string
  close(): void
}

const serviceTail = (
  of: Required<Omit<LogReaderOptions, 'services'>> & { readonly service: string },
): ServiceTail => {
  /** From the one that is read to the newest that is known; held open, so that rotation moves none away. */
  const open: { readonly fd: number; readonly inode: number; at: number }[] = []
  const piece = Buffer.alloc(65_536)
  let found: KeptLine[] = []
  let given = 0
  let { reach } = of
  /** Later than any time, until the first line after the cut is there. */
  let from = ''
  let isRest = false
  const fresh = () =>
    lines({
      limit,
      line: (text) => {
        const line = isRest ? undefined : keptLine(of.service, text)
        isRest = false
        if (!line) return
        if (from === later) from = line.time
        found.push(line)
      },
    })
  let reader = fresh()

  /** Whether there is a file after the last that was known. */
  const look = (): boolean => {
    const before = open.length
    const known = open.at(-1)?.inode
    const newest = statSync(join(of.folder, logName(of.service)), { throwIfNoEntry: false })?.ino
    if (known !== undefined && known === newest) return false
    const seen = openedAll(of.folder, of.service)
    const after = seen.findIndex(({ inode }) => inode === known) + 1
    for (const [index, each] of seen.entries())
      if (index < after || (known === undefined && each.changed < of.since)) closeSync(each.fd)
      else open.push({ fd: each.fd, inode: each.inode, at: 0 })
    const [first] = open
    if (known === undefined && first && Number.isFinite(of.since))
      first.at = placeInLog(first.fd, fstatSync(first.fd).size, new Date(of.since).toISOString())
    if (reach < Infinity) cut()
    reach = Infinity
    return open.length > before
  }
  /** Leaves out what is beyond reach. */
  const cut = () => {
    let left = reach
    const sizes = open.map(({ fd, at }) => fstatSync(fd).size - at)
    let first = open.length
    while (first > 0 && left > 0) left -= sizes[--first]!
    const file = open[first]
    if (first === 0 && left >= 0) return
    from = later
    for (const { fd } of open.splice(0, first)) closeSync(fd)
    if (!file || left >= 0) return
    // With the byte before it, which ends a line or is in the middle of one.
    file.at += -left - 1
    isRest = true
  }
  const read = (): boolean => {
    const file = open[0]
    if (!file) return look()
    const got = readSync(file.fd, piece, 0, piece.length, file.at)
    if (got > 0) {
      file.at += got
      reader.write(piece.subarray(0, got))
      return true
    }
    // Only when a newer one was known before it was read to its end is nothing more to come.
    if (open.length === 1) return look()
    reader.end()
    reader = fresh()
    closeSync(file.fd)
    open.shift()
    return true
  }
  return {
    next: () => {
      if (given === found.length) {
        found = []
        given = 0
        while (found.length === 0) if (!read()) return undefined
      }
      return found[given++]
    },
    from: () => from,
    close: () => {
      for (const { fd } of open.splice(0)) closeSync(fd)
    },
  }
}

const later = '~'

/** All files of a service as they are at one moment, the oldest first. */
const openedAll = (folder: string, service: string): readonly Opened[] => {
  for (;;) {
    const paths = logFiles(folder, service).map(({ path }) => path)
    const files = paths.flatMap((path) => opened(path) ?? [])
    const again = logFiles(folder, service).map(({ path }) => path)
    const same = files.every(({ path, inode }) => statSync(path, { throwIfNoEntry: false })?.ino === inode)
    if (same && files.length === paths.length && again.join('/') === paths.join('/')) return files
    // They were rotated meanwhile.
    for (const { fd } of files) closeSync(fd)
  }
}

interface Opened {
  readonly path: string
  readonly fd: number
  readonly inode: number
  /** When it was last written to, in ms since 1970. */
  readonly changed: number
}

const opened = (path: string): Opened | undefined => {
  try {
    const fd = openSync(path, 'r')
    const { ino, mtimeMs } = fstatSync(fd)
    return { path, fd, inode: ino, changed: mtimeMs }
  } catch (error) {
    // It was rotated between the two looks, and the next one finds it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
