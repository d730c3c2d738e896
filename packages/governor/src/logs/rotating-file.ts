import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@holdfast/policy'
import { logFiles, logName } from './log-files.ts'

/** How much of the output of each service is kept. */
export interface LogKeep {
  /** Bytes after which a file is rotated. */
  readonly size: number
  /** How many files there are at most, the one that is written to included. */
  readonly files: number
  /** How old a file grows at most after the last line in it, in ms. */
  readonly age: number
}

export interface RotatingFileOptions {
  readonly folder: string
  readonly service: string
  readonly keep: () => LogKeep
  readonly clock: Clock
  /** The wall clock, in ms since 1970. */
  readonly wall: () => number
}

/** The file that a service's log is written to; its methods are not called while another is under way, and reject with what the disk says. */
export interface RotatingFile {
  /** Makes sure that the file is there, that it ends with a whole line, and that so many bytes belong into it. */
  room(bytes: number): Promise<void>
  /** Appends as many of these bytes as the disk takes, after `room`, and answers with how many that were. */
  write(bytes: Buffer): Promise<number>
  close(): Promise<void>
}

/** How often it is looked whether the file is still there, in ms. */
const lookEvery = 1_000

interface OpenFile {
  readonly handle: FileHandle
  readonly inode: number
  size: number
  /** When its first line was written, in ms since 1970. */
  readonly since: number
  /** Whether it ends in the middle of a line. */
  torn: boolean
}

/*
 * I1  A line is never cut by a rotation; one that a failure tore ends before the next begins.
 * I2  A file is longer than `size` only if what belonged into it at once is, and its first and last line are no further apart than
 *     its share of `age`.
 * I3  There are never more than `files`.
 */
export const rotatingFile = ({ folder, service, keep, clock, wall }: RotatingFileOptions): RotatingFile => {
  const path = join(folder, logName(service))
  let file: OpenFile | undefined
  let looked = clock.now()

  const opened = async (): Promise<OpenFile> => {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const handle = await open(path, 'a+', 0o600)
    try {
      const { ino: inode, size } = await handle.stat()
      if (size === 0) return { handle, inode, size, since: wall(), torn: false }
      const { buffer: head } = await handle.read(Buffer.alloc(24), 0, 24, 0)
      const { buffer: tail } = await handle.read(Buffer.alloc(1), 0, 1, size - 1)
      const since = Date.parse(head.toString('latin1')) || wall()
      return { handle, inode, size, since, torn: tail.toString() !== '\n' }
    } catch (error) {
      await handle.close()
      throw error
    }
  }
  const close = async () => {
    const { handle } = file ?? {}
    file = undefined
    await handle?.close()
  }
  const rotate = async () => {
    await close()
    const { files } = keep()
    for (const { path: old, turn } of logFiles(folder, service)) {
      if (turn + 1 >= files) await rm(old, { force: true })
      else await rename(old, join(folder, logName(service, turn + 1)))
    }
  }
  return {
    room: async (bytes) => {
      if (file && clock.now() - looked >= lookEvery) {
        looked = clock.now()
        // Somebody may have removed or moved it.
        const { ino } = await stat(path).catch(() => ({ ino: undefined }))
        if (ino !== file.inode) await close()
      }
      file ??= await opened()
      const { size, files, age } = keep()
      const full = file.size + bytes > size || wall() - file.since > age / files
      if (file.size > 0 && full) {
        await rotate()
        file = await opened()
      }
      if (file.torn) await file.handle.write('\n')
      file.torn = false
    },
    write: async (bytes) => {
      const to = file!
      const { bytesWritten } = await to.handle.write(bytes)
      to.size += bytesWritten
      return bytesWritten
    },
    close,
  }
}
