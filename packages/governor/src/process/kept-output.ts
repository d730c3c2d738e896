import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '@holdfast/policy'
import type { ServiceLine } from '../child.ts'
import { lines } from '../output/lines.ts'
import type { Unit } from './unit.ts'

/*
 * The output of a service that outlives its governor. A pipe would break with its reader, so it goes to two files, which
 * the governor follows, and after it the next one.
 *
 * I1  Every line is given at least once; only what was given in the last moment before a kill -9 comes twice.
 * I2  Nothing is given before whoever opened the files has his turn to listen.
 * I3  A file is emptied only when all of it was given; it grows beyond `emptyFrom` only while nobody reads it.
 */

/** How often the files are looked at, in ms. */
const every = 50
/** Bytes from which a file is emptied as soon as it was read to the end. */
const emptyFrom = 8 * 1024 * 1024
/** Bytes read in one turn. */
const atOnce = 1024 * 1024

export interface KeptOutputOptions {
  readonly folder: string
  readonly unit: Pick<Unit, 'service' | 'run'>
  readonly clock: Clock
  readonly line: (line: ServiceLine) => unknown
}

export interface KeptOutput {
  /** For the child to write to. */
  readonly fds: readonly [stdout: number, stderr: number]
  /** Gives out what is left, once nobody writes any more, and closes the files. */
  finish(): Promise<void>
}

const streams = ['stdout', 'stderr'] as const
type Stream = (typeof streams)[number]

/** Opens the output files of a run, and gives out their lines from where the last reader was. Throws what the disk throws. */
export const keptOutput = ({ folder, unit, clock, line }: KeptOutputOptions): KeptOutput => {
  const follow = (stream: Stream) => {
    const path = join(folder, `${fileName(unit)}.${stream}`)
    const file = openSync(path, 'a+', 0o600)
    let at = readTo(path)
    let given = at
    let marked = at
    let slow: unknown
    const reader = lines({
      line: (text) => {
        slow = line({ service: unit.service, run: unit.run, stream, line: text }) ?? slow
      },
    })
    const piece = Buffer.alloc(65_536)

    /** Whether there was anything. */
    const read = (): boolean => {
      const { size } = fstatSync(file)
      if (size < at) at = given = 0
      let got = 0
      for (let left = atOnce; left > 0 && at < size; left -= got) {
        got = readSync(file, piece, 0, piece.length, at)
        if (got === 0) break
        const newline = piece.subarray(0, got).lastIndexOf(10)
        if (newline !== -1) given = at + newline + 1
        at += got
        reader.write(Buffer.from(piece.subarray(0, got)))
      }
      return got > 0
    }
    return {
      file,
      read,
      /** Resolves when the taker of the lines has taken them and wants more; only then they count as given. */
      settled: async () => {
        await Promise.resolve(slow).catch(() => {})
        slow = undefined
        if (given === marked) return
        if (at >= emptyFrom && given === at && fstatSync(file).size === at) {
          ftruncateSync(file)
          at = given = 0
        }
        try {
          writeFileSync(`${path}.read`, String(given), { mode: 0o600 })
          marked = given
        } catch {
          // The disk is full: after a kill -9 more comes twice.
        }
      },
      /** Gives out a last line that had no newline. */
      end: reader.end,
      close: () => {
        closeSync(file)
        rmSync(path, { force: true })
        rmSync(`${path}.read`, { force: true })
      },
    }
  }
  const followed = streams.map(follow)
  let over = false
  let wake = () => {}
  const following = (async () => {
    // What a killed governor left unread is given only when whoever opened it can listen for it.
    await Promise.resolve()
    while (!over) {
      const more = followed.map(({ read }) => read()).includes(true)
      await Promise.all(followed.map(({ settled }) => settled()))
      if (more || over) continue
      await new Promise<void>((resolve) => {
        const cancel = clock.after(every, resolve)
        wake = () => {
          cancel()
          resolve()
        }
      })
    }
  })()
  return {
    fds: [followed[0]!.file, followed[1]!.file],
    finish: async () => {
      over = true
      wake()
      await following
      for (const { read, settled, end, close } of followed) {
        while (read()) await settled()
        end()
        await settled()
        close()
      }
    },
  }
}

/** The runs whose output lies in a folder. */
export const keptRuns = (folder: string): readonly Pick<Unit, 'service' | 'run'>[] =>
  readdirSync(folder).flatMap((name) => {
    const [, service, run] = /^(.+)\.([^.]+)\.stdout$/.exec(name) ?? []
    return service && run ? [{ service: decoded(service), run }] : []
  })

/** Removes the output of a run that nobody will read. */
export const removeOutput = (folder: string, unit: Pick<Unit, 'service' | 'run'>): void => {
  for (const stream of streams)
    for (const each of [stream, `${stream}.read`])
      rmSync(join(folder, `${fileName(unit)}.${each}`), { force: true })
}

const fileName = ({ service, run }: Pick<Unit, 'service' | 'run'>): string =>
  `${encodeURIComponent(service.toWellFormed())}.${run}`

const decoded = (service: string): string => {
  try {
    return decodeURIComponent(service)
  } catch {
    return service
  }
}

const readTo = (path: string): number => {
  try {
    return Number(readFileSync(`${path}.read`, 'utf8')) || 0
  } catch {
    return 0
  }
}
